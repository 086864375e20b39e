// SPDX-License-Identifier: BSL-1.0
#include <troupe/detail/join.hpp>

#include <exception>
#include <utility>

#include "client/cell_status.hpp"

namespace troupe::detail {

using client::CellAccess;

bool JoinWaiter::note(ResultCell& cell) noexcept { return join_->note(*this, cell); }
void JoinWaiter::run(ResultCell& cell) { join_->run(*this, cell); }
void JoinWaiter::drop() noexcept { join_->unpin(); }

// Each waiter that is registered has a pin, until it has been told or taken out again. Those of sources that are there already
// are not registered, but counted all at once.
void Join::begin() noexcept {
  own_.start();  // cancelling it is cancelling what it is made of
  const std::size_t count = waiters_.size();
  left_.store(count, std::memory_order_relaxed);
  add_pins(static_cast<std::uint32_t>(count));
  if (count == 0) make_outcome(0);
  std::size_t reached = 0;
  std::size_t there = 0;
  try {
    while (reached < count && !is_decided()) {
      JoinWaiter& waiter = waiters_[reached++];  // first: one that cannot be registered is dropped
      if (is_there(waiter)) {
        ++there;
      } else {
        waiter.source_->add_callback(&waiter);
      }
    }
  } catch (...) {
    fail(std::current_exception());
  }
  if (there != 0 && left_.fetch_sub(there, std::memory_order_acq_rel) == there && decide()) finish(waiters_.back());
  if (is_decided()) forget();
  unpin(static_cast<std::uint32_t>(1 + there + count - reached));
}

// Its outcome is, and counts.
bool Join::is_there(const JoinWaiter& waiter) const {
  if (until_ == Until::first || !CellAccess::is_released(*waiter.source_)) return false;
  return !looks_at_errors() || CellAccess::is_surely_value(*waiter.source_);
}

void Join::drop_sources() noexcept {
  for (const auto& waiter : std::exchange(waiters_, {})) waiter.source_->drop_handle();
}

// Whoever destroys a value, by dropping the last pin, must not be a reader: so that is left to run().
bool Join::note(JoinWaiter& waiter, ResultCell& cell) noexcept {
  if (!is_decided()) {
    if (looks_at_errors() && !CellAccess::is_surely_value(cell)) return false;
    if (count(waiter)) {
      if (!is_made_at_once()) return false;
      finish(waiter);
    }
  }
  waiter.state_ = JoinWaiter::State::counted;
  return unpin_unless_last();
}

void Join::run(JoinWaiter& waiter, ResultCell& cell) {
  if (waiter.state_ == JoinWaiter::State::decisive) return finish(waiter);
  if (waiter.state_ == JoinWaiter::State::counted || is_decided()) return;
  if (looks_at_errors() && is_stopped_by(waiter, cell)) return;
  if (count(waiter)) finish(waiter);
}

// Whether this is the one that decides.
bool Join::count(JoinWaiter& waiter) noexcept {
  const bool is_enough = until_ == Until::first || left_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  const bool is_decisive = is_enough && decide();
  waiter.state_ = is_decisive ? JoinWaiter::State::decisive : JoinWaiter::State::counted;
  return is_decisive;
}

bool Join::is_stopped_by(JoinWaiter& waiter, ResultCell& cell) {
  const std::exception_ptr error = cell.error();
  if (error == nullptr) return false;
  if (until_ == Until::first_error) {
    fail(error);
    return true;
  }
  if (cell.is_cancelled()) return false;
  if (decide()) finish(waiter);
  return true;
}

// Of the one that decides.
void Join::finish(JoinWaiter& decisive) {
  make_outcome(static_cast<std::size_t>(&decisive - waiters_.data()));
  forget();
}

void Join::make_outcome(std::size_t decisive) {
  if (is_cancelling() && was_cancelled()) {
    own_.complete_with_error(cancellation());
    return;
  }
  if (!own_.claim()) return;
  try {
    make(decisive);
  } catch (...) {
    return own_.publish_error(std::current_exception());
  }
  own_.publish_value();
}

void Join::fail(std::exception_ptr error) {
  if (!decide()) return;
  own_.complete_with_error(std::move(error));
  forget();
}

void Join::forget() noexcept {
  is_decided_.store(true, std::memory_order_seq_cst);
  if (left_.load(std::memory_order_acquire) == 0) return;  // all have been told
  for (auto& waiter : waiters_) {
    if (waiter.source_->remove_callback(&waiter)) unpin();
  }
}

bool Join::was_cancelled() noexcept {
  for (const auto& waiter : waiters_) {
    if (waiter.source_->is_cancelled()) return true;
  }
  return false;
}

}  // namespace troupe::detail
