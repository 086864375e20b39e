// SPDX-License-Identifier: BSL-1.0
#include "client/actor_wait.hpp"

#include "client/cell_status.hpp"
#include "platform/futex.hpp"

namespace troupe::client {

std::uint64_t ActorWait::begin(CallChannel& channel, detail::ResultCell& cell) {
  const std::lock_guard lock(mutex_);
  channel_ = &channel;
  cell_ = &cell;
  is_for_ever_ = false;
  return ++number_;
}

void ActorWait::end() {
  const std::lock_guard lock(mutex_);
  CellAccess::Protocol::end_nudge(CellAccess::status(*cell_));
  channel_ = nullptr;
  cell_ = nullptr;
}

std::string ActorWait::text() const {
  const std::lock_guard lock(mutex_);
  return text_;
}

// A reply that lies in the ring, and that the actor's thread has not come to see yet, ends the wait, too.
bool ActorWait::goes_on(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  if (channel_ == nullptr || number != number_) return false;
  return !CellAccess::is_claimed(*cell_) && !channel_->has_fallen() && !channel_->has_ended(*cell_);
}

void ActorWait::note_for_ever(const wire::WaitsForEver& ring) {
  const std::lock_guard lock(mutex_);
  if (channel_ == nullptr || ring.number != number_) return;
  text_ = ring.text;
  is_for_ever_.store(true, std::memory_order_release);
  CellAccess::Protocol::nudge(CellAccess::status(*cell_));
}

}  // namespace troupe::client
