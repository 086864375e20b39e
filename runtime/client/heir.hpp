// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>

namespace troupe::detail {
class ResultCell;
}

namespace troupe::client {

class CallChannel;
class MovedCall;

// Whoever wants to know how a channel fares, and takes over the calls that it leaves: a pool, of its member's. Called by whoever
// judges the channel, sends through it or waits for it (the loop included), with no lock held but where it is said; so it neither
// waits nor throws.
// Thread-safety: full.
class Heir {
 public:
  virtual ~Heir() = default;

  // A life of the actor has ended; `is_last`: with it the channel. May be said twice.
  virtual void note_end(bool is_last) noexcept = 0;
  // A call has not been answered in time.
  virtual void note_expiry() noexcept = 0;
  // What one call of the channel is inherited as; with the channel's send lock held. It is only made here because whoever has no
  // heir needs no such thing. Errors: std::bad_alloc.
  virtual std::shared_ptr<MovedCall> new_call(CallChannel& from, detail::ResultCell& cell) = 0;
  // The actor has not begun with it, and never will. Whoever drops it without having sent it has it fail as if there were no
  // heir.
  virtual void inherit(std::shared_ptr<MovedCall> call) noexcept = 0;
};

}  // namespace troupe::client
