// SPDX-License-Identifier: BSL-1.0
#include "client/actor_wait.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "client/cell_status.hpp"
#include "platform/futex.hpp"

namespace troupe::client {

std::uint64_t ActorWait::begin(CallChannel& channel, std::span<detail::ResultCell* const> cells, detail::TurnWait* turn) {
  const std::lock_guard lock(mutex_);
  channel_ = &channel;
  cells_ = cells;
  turn_ = turn;
  is_for_ever_ = false;
  return ++number_;
}

void ActorWait::end(std::uint64_t number) noexcept {
  const std::lock_guard lock(mutex_);
  if (number != number_ || channel_ == nullptr) return;
  if (turn_ == nullptr) CellAccess::Protocol::end_nudge(CellAccess::status(*cells_.front()));
  channel_ = nullptr;
}

WouldDeadlock ActorWait::error() const {
  const std::lock_guard lock(mutex_);
  return error_of(ring_);
}

WouldDeadlock ActorWait::error_of(const std::string& ring) const {
  return WouldDeadlock(describe_call(*cells_.front()) + ": it would be waited for for ever: " + ring +
                       "; have one of them return an AsyncResult instead of waiting, and be reentrant, or use one-way messages");
}

// A reply that lies in the ring, and that the actor's thread has not come to see yet, ends the wait, too.
bool ActorWait::goes_on(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  if (channel_ == nullptr || number != number_ || channel_->has_fallen()) return false;
  const auto has_ended = [this](detail::ResultCell* each) { return CellAccess::is_claimed(*each) || channel_->has_ended(*each); };
  return (turn_ == nullptr || turn_->goes_on()) && std::none_of(cells_.begin(), cells_.end(), has_ended);
}

void ActorWait::note_for_ever(const wire::WaitsForEver& ring) {
  const std::lock_guard lock(mutex_);
  if (channel_ == nullptr || ring.number != number_) return;
  if (turn_ != nullptr) return fail_turn(ring.text);
  ring_ = ring.text;
  is_for_ever_.store(true, std::memory_order_release);
  CellAccess::Protocol::nudge(CellAccess::status(*cells_.front()));
}

// What has happened to it meanwhile may end it; if not, the manager is told anew.
void ActorWait::fail_turn(const std::string& ring) noexcept try {
  if (turn_->goes_on()) turn_->fail(std::make_exception_ptr(error_of(ring)));
} catch (const std::exception&) {  // there is no memory: the wait goes on
}

}  // namespace troupe::client
