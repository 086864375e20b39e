// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>
#include <troupe/timeout.hpp>
#include <troupe/wait.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <utility>
#include <vector>

namespace troupe::detail {

enum class Order : std::uint8_t { of_items, of_arrival };

// How a range of results is gone through.
struct ImapMode {
  std::size_t chunksize = 1;
  bool ends_at_error = false;
  Timeout timeout = {};  // for all of it, from the call
};

// Errors: TimeoutError, always, in the words of an executor's map, or of imap.
[[noreturn]] void refuse_to_wait_on(bool is_of_map);

// A chunk of an imap that is under way, or that could not be sent; Reply is what it gives.
template <class Reply>
struct ChunkAhead {
  AsyncResult<Reply> result{};
  std::size_t item_count = 0;
  std::exception_ptr error{};
};

template <class Reply>
class ChunksAhead {
 public:
  using Chunk = ChunkAhead<Reply>;

  explicit ChunksAhead(bool is_of_map) noexcept : is_of_map_(is_of_map) {}

  std::size_t size() const { return chunks_.size(); }
  void add(Chunk chunk) { chunks_.push_back(std::move(chunk)); }
  // The next that has its outcome. Blocks: until then. Errors: TimeoutError.
  Chunk take(Order order, Timeout timeout) {
    const auto next = order == Order::of_items ? first(timeout) : any(timeout);
    Chunk chunk = std::move(*next);
    chunks_.erase(next);
    return chunk;
  }
  void cancel() noexcept {
    for (const Chunk& each : chunks_) {
      try {
        if (each.result.valid()) each.result.cancel();
      } catch (const std::exception&) {  // it is done, and nobody looks at it
      }
    }
    chunks_.clear();
  }

 private:
  using Place = typename std::deque<Chunk>::iterator;

  Place first(Timeout timeout) {
    const Place next = chunks_.begin();
    if (next->error == nullptr && !next->result.wait(timeout)) refuse_to_wait_on(is_of_map_);
    return next;
  }
  Place any(Timeout timeout) {
    std::vector<AsyncResult<Reply>> results;
    for (Place each = chunks_.begin(); each != chunks_.end(); ++each) {
      if (each->error != nullptr) return each;
      results.push_back(each->result);
    }
    const auto [done, pending] = wait(results, timeout, ReturnWhen::first_completed);
    if (done.empty()) refuse_to_wait_on(is_of_map_);
    return std::find_if(chunks_.begin(), chunks_.end(),
                        [&done = done](const Chunk& each) { return each.result == done.front(); });
  }

  bool is_of_map_;  // of an executor
  std::deque<Chunk> chunks_;
};

}  // namespace troupe::detail
