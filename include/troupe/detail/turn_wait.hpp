// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/result_cell.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <span>

namespace troupe::detail {

// A coroutine that its actor waits for (OneTurn) waits, for calls alone, and so its actor does: that may be one of several which
// wait for each other, as the manager finds out. Thread-safety: what is virtual, any thread, one at a time; the rest the actor's.
class TurnWait {
 public:
  // For how long an actor waits before it tells the manager.
  static constexpr std::chrono::milliseconds kPatience{20};

  TurnWait() = default;
  virtual ~TurnWait() = default;  // after end()
  TurnWait(const TurnWait&) = delete;
  TurnWait& operator=(const TurnWait&) = delete;

  // Tells the manager, where the calls are all to one actor, of this runtime, and none ends at a time of its own; else nobody
  // knows whether they can come, and nothing happens. Once. Ownership: the caller keeps the cells until end(). Blocks: never.
  void tell(std::span<ResultCell* const> calls);
  // From here on nothing virtual is called any more.
  void end() noexcept;

  // Whether the actor's thread still has nothing to do but to wait for these.
  virtual bool goes_on() const = 0;
  // None of them will come: the wait for one of them shall end with this error. In the actor's thread, soon; so nothing of the
  // user's runs here.
  virtual void fail(std::exception_ptr why) = 0;

 private:
  client::CallChannel* channel_ = nullptr;  // kept by the cells; null: nobody was told
  std::uint64_t number_ = 0;
};

}  // namespace troupe::detail
