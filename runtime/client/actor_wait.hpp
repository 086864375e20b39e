// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/result_cell.hpp>
#include <troupe/detail/turn_wait.hpp>
#include <troupe/error.hpp>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>

#include "client/call_channel.hpp"
#include "wire/control.hpp"

namespace troupe::client {

// What an actor has been waiting for, for so long that the manager was told: it may be one of several that wait for each other.
// Its own thread waits, for one call; or the coroutine does that runs in its turn, for one of some. There is one such wait at a
// time: where code of the user's runs all the same, the last one. Thread-safety: begin, end, is_for_ever, error: the actor's
// thread; the rest the loop.
class ActorWait {
 public:
  // Returns the wait's number. All are calls through `channel`. `turn`: the coroutine's; null: the thread's. They live until
  // end().
  std::uint64_t begin(CallChannel& channel, std::span<detail::ResultCell* const> cells, detail::TurnWait* turn = nullptr);
  // Nothing, where another one has begun.
  void end(std::uint64_t number) noexcept;
  // Of the thread's.
  bool is_for_ever() const { return is_for_ever_.load(std::memory_order_acquire); }
  WouldDeadlock error() const;

  // Whether it is this wait still, and none of the calls has ended.
  bool goes_on(std::uint64_t number) const;
  // The manager has found the actors in a ring. The wait ends, if it is that one.
  void note_for_ever(const wire::WaitsForEver& ring);

 private:
  WouldDeadlock error_of(const std::string& ring) const;
  void fail_turn(const std::string& ring) noexcept;

  mutable std::mutex mutex_;
  // Guarded by mutex_:
  std::uint64_t number_ = 0;
  CallChannel* channel_ = nullptr;  // null: there is no wait
  std::span<detail::ResultCell* const> cells_;
  detail::TurnWait* turn_ = nullptr;
  std::string ring_;
  std::atomic<bool> is_for_ever_{false};
};

}  // namespace troupe::client
