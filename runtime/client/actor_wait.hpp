// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/result_cell.hpp>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "client/call_channel.hpp"
#include "wire/control.hpp"

namespace troupe::client {

// What an actor's own thread has been waiting for, for so long that the manager was told: it may be one of several that wait for
// each other. There is one at a time. Thread-safety: begin, end, is_for_ever, text: the actor's thread; the rest the loop.
class ActorWait {
 public:
  // Returns the wait's number. `channel` and `cell` live until end().
  std::uint64_t begin(CallChannel& channel, detail::ResultCell& cell);
  void end();
  bool is_for_ever() const { return is_for_ever_.load(std::memory_order_acquire); }
  std::string text() const;

  // Whether it is this wait still, and the call has not ended.
  bool goes_on(std::uint64_t number) const;
  // The manager has found the actors in a ring. The wait ends, if it is that one.
  void note_for_ever(const wire::WaitsForEver& ring);

 private:
  mutable std::mutex mutex_;
  // Guarded by mutex_:
  std::uint64_t number_ = 0;
  CallChannel* channel_ = nullptr;  // null: there is no wait
  detail::ResultCell* cell_ = nullptr;
  std::string text_;
  std::atomic<bool> is_for_ever_{false};
};

}  // namespace troupe::client
