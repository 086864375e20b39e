// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/result_cell.hpp>
#include <troupe/error.hpp>

#include <bit>
#include <cstdint>
#include <list>
#include <memory>

#include "channel/geometry.hpp"
#include "client/cell_status.hpp"
#include "client/queued_payload.hpp"
#include "wire/envelope.hpp"

namespace troupe::client {

// What an idempotent call remembers from life to life.
struct Retry {
  bool is_wanted = false;  // it is one
  unsigned left = 0;
  bool has_run = false;             // in part or whole, in an earlier life
  PoisonMessage::Reports deaths{};  // at which it ran, and of which it may be the cause
};

// What few of the requests in a queue have, kept apart so that the many do not pay for it.
struct Appendix {
  std::int64_t deadline_ns = wire::kNoDeadline;  // of a one-way message; a call's stands in its cell
  wire::ExtentReference extent{};                // with bytes: the payload is there
  std::uint64_t lease = 0;
  Retry retry{};
  // Of one that a dead host had taken: it is pending until it is known whether its reply was written.
  bool is_taken = false;
  bool is_whole = false;   // its payload is here, too
  bool is_leased = false;  // ... and ends with a lease
  bool is_poison = false;
  channel::Ticket ticket{};
  Execution execution = Execution::not_started;
};

// A request that waits in its channel's queue: for room, for the next life, or (in between) for its judgement. There may be
// millions, so its size counts.
struct Spilled {
  detail::ResultCell* cell = nullptr;    // null: one-way
  std::unique_ptr<Appendix> appendix{};  // null: it would say nothing
  QueuedPayload payload{};
  wire::MethodId method{};

  // Errors: std::bad_alloc.
  Appendix& have_appendix() {
    if (appendix == nullptr) appendix = std::make_unique<Appendix>();
    return *appendix;
  }
  bool is_taken() const { return appendix != nullptr && appendix->is_taken; }
  bool has_run() const { return appendix != nullptr && appendix->retry.has_run; }
  bool is_of_one_life() const { return cell != nullptr && CellAccess::is_of_one_life(*cell); }
  std::uint64_t lease() const { return appendix != nullptr ? appendix->lease : 0; }
  wire::ExtentReference extent() const { return appendix != nullptr ? appendix->extent : wire::ExtentReference{}; }
  std::int64_t deadline_ns() const {
    if (cell != nullptr) return CellAccess::deadline_ns(*cell);
    if (appendix == nullptr) return wire::kNoDeadline;
    return appendix->deadline_ns;  // NOLINT(clang-analyzer-core.NullDereference): the analyzer loses sight of the pointer
  }
};
static_assert(sizeof(Spilled) == 40, "with the list's two links, it fills a piece of 64 bytes of the allocator's");

using SpillQueue = std::list<Spilled>;

// Where a call stands in the queue, as its cell notes it, so that it is found there when it is taken back.
inline void* as_queue_place(SpillQueue::iterator place) {
  static_assert(sizeof place == sizeof(void*), "an iterator of a list is a pointer here");
  return std::bit_cast<void*>(place);
}
inline SpillQueue::iterator as_iterator(void* queue_place) { return std::bit_cast<SpillQueue::iterator>(queue_place); }

}  // namespace troupe::client
