// SPDX-License-Identifier: BSL-1.0
#include <troupe/detail/derivation.hpp>
#include <troupe/detail/local_task.hpp>
#include <troupe/detail/result_cell.hpp>
#include <troupe/error.hpp>

#include <memory>
#include <stdexcept>

#include "base/serving.hpp"
#include "client/call_channel.hpp"
#include "client/callback_thread.hpp"
#include "client/cell_status.hpp"
#include "client/link.hpp"
#include "client/refusal.hpp"
#include "client/session.hpp"
#include "client/task_wait.hpp"
#include "platform/fork_mark.hpp"
#include "wire/exceptions.hpp"
#include "wire/registry.hpp"

namespace troupe::client {

namespace {

using detail::Callback;
using detail::ResultCell;

std::string describe(const ResultCell& cell) {
  return CellAccess::channel(cell) != nullptr ? describe_call(cell) : std::string("the result");
}

}  // namespace

bool CellAccess::is_over(const Cell& cell) {
  const std::uint32_t status = cell.status_.load(std::memory_order_acquire);
  return (status & CellStatus::kReleased) != 0 || ((status & CellStatus::kStored) != 0 && CallbackThread::is_this_thread());
}

void CellAccess::catch_up(Cell& cell) {
  if (!is_released(cell) && is_over(cell)) run_callbacks(cell);
}

void CellAccess::complete_with_value(Cell& cell) {
  if (Protocol::complete_untouched(cell.status_)) return;
  if (cell.claim()) publish(cell, true);
}

void CellAccess::publish(Cell& cell, bool decoded, CallbackThread* callbacks) {
  const std::uint32_t outcome = CellStatus::kStored | (decoded ? CellStatus::kDecoded : 0);
  if (Protocol::publish_unobserved(cell.status_, outcome)) return;
  const std::uint32_t seen = Protocol::store(cell.status_, outcome);
  if ((seen & CellStatus::kWatched) != 0) {
    cell.channel_->unwatch();
    if (cell.deadline_ns_ != INT64_MAX) cell.channel_->session().forget_expiry(cell);
  }
  tell(cell, seen, callbacks);
}

std::uint32_t CellAccess::end_of_wait() noexcept {
  const std::uint32_t nudge = serving.actor_key != 0 ? CellStatus::kNudged : 0;  // see ActorWait
  return nudge | (CallbackThread::is_this_thread() ? CellStatus::kStored : CellStatus::kReleased);
}

std::uint32_t CellAccess::announce_sleep(Cell& cell) { return Protocol::announce_sleep(cell.status_, end_of_wait()); }

void CellAccess::sleep_on(Cell& cell, std::chrono::steady_clock::time_point deadline) {
  Protocol::sleep(cell.status_, end_of_wait(), deadline);
}

void CellAccess::store_decoding_error(Cell& cell) {
  cell.error_ = current_error_of(cell.channel_ != nullptr ? describe(cell) + " ran, but its result cannot be decoded"
                                                          : "the result cannot be decoded");
}

void CellAccess::decode_arrival(Cell& cell, const detail::Arrival& arrival) {
  const SessionScope scope(arrival.channel != nullptr ? &arrival.channel->session() : arrival.session.get());
  if (!arrival.is_exception) return decode(cell, arrival.bytes);
  wire::ThrownBy sender{arrival.actor};
  if (const CallChannel* channel = arrival.channel)
    sender = {channel->actor().text(), channel->actor().pid, wire::readable_name(*cell.method_)};
  cell.error_ = wire::decode_exception(arrival.bytes, std::move(sender), arrival.is_from_constructor);
}

void CellAccess::materialize(Cell& cell) {
  Protocol::decode_once(cell.status_, [&cell] {
    const std::unique_ptr<detail::Arrival> arrival(std::exchange(cell.arrival_, nullptr));
    try {
      decode_arrival(cell, *arrival);
    } catch (...) {
      store_decoding_error(cell);
    }
  });
}

}  // namespace troupe::client

namespace troupe::detail {

Arrival::~Arrival() {
  if (lease != 0) channel->session().end_lease_of(channel->actor_id(), lease);
  if (channel != nullptr) channel->drop_reference();
}

using client::CellAccess;
using client::CellStatus;
using Protocol = client::CellProtocol<>;
using Clock = std::chrono::steady_clock;

namespace {

// The threads and handles that would bring the outcome are the parent's.
void check_not_forked() {
  if (platform::is_forked_child()) {
    throw std::logic_error(
        "troupe::AsyncResult: this process was forked from the one that made the call; only that one may wait");
  }
}

}  // namespace

ResultCell::~ResultCell() {
  delete arrival_;
  if (channel_ != nullptr) channel_->drop_reference();
}

bool ResultCell::await(Timeout timeout) {
  if (CellAccess::is_visible(*this)) return true;
  check_not_forked();
  const auto deadline = timeout.is_forever() ? Clock::time_point::max() : timeout.after(Clock::now());
  const bool is_over = channel_ != nullptr ? channel_->await(*this, deadline) : await_by_hand(deadline);
  if (is_over) CellAccess::catch_up(*this);
  return is_over;
}

// One that no channel completes.
bool ResultCell::await_by_hand(Clock::time_point deadline) {
  CellAccess::catch_up_with_cascade();
  if (serving.task != nullptr && deadline == Clock::time_point::max()) {
    client::TaskWait(*this).wait();
    return true;
  }
  if (serving.actor_key != 0 || serving.task != nullptr) CellAccess::check_not_own(*this, deadline);
  if (serving.task != nullptr && derivation() != nullptr) CellAccess::want(*this);
  if (client::CallbackThread::is_this_thread()) return client::CallbackThread::await_in_callback(*this, deadline);
  return Protocol::await(status_, CellStatus::kReleased, deadline);
}

void ResultCell::await_value(Timeout timeout) {
  if (!await(timeout)) {
    throw TimeoutError(client::describe(*this) +
                       ": no outcome within the time-out of get(); the call goes on, and get() may be called again");
  }
  CellAccess::materialize(*this);
  if (error_ != nullptr) std::rethrow_exception(error_);
}

void ResultCell::check_one_can_come(std::span<ResultCell* const> cells, Clock::time_point deadline) {
  CellAccess::check_not_all_own(cells, deadline);
}

bool ResultCell::look_briefly() {
  if (CellAccess::is_visible(*this)) return true;
  return channel_ != nullptr && await(Timeout(std::chrono::nanoseconds(0)));
}

bool ResultCell::has_outcome() { return is_ready() || Protocol::has(status_, CellStatus::kStored); }

bool ResultCell::is_ready() {
  if (CellAccess::is_visible(*this)) return true;
  check_not_forked();
  if (channel_ != nullptr) {
    channel_->poll(*this);
  } else {
    CellAccess::catch_up_with_cascade();
    if (client::CallbackThread::is_this_thread()) client::CallbackThread::look_in_callback(*this);
  }
  CellAccess::catch_up(*this);
  return CellAccess::is_over(*this);
}

std::exception_ptr ResultCell::error() {
  CellAccess::materialize(*this);
  return error_;
}

// What can fail comes first: then nothing has happened.
bool ResultCell::try_add_callback(std::unique_ptr<Callback>& callback) {
  if (channel_ != nullptr && !CellAccess::is_visible(*this)) channel_->have_loop_watch();
  if (!CellAccess::push_callback(*this, callback.get())) return false;
  (void)callback.release();
  if (channel_ != nullptr) channel_->watch(*this);
  return true;
}

void ResultCell::add_callback(Callback* callback) {
  std::unique_ptr<Callback, client::DropCallback> owned(callback);
  if (CellAccess::is_visible(*this)) return CellAccess::tell_late(*this, owned.release());
  if (channel_ != nullptr) channel_->have_loop_watch();
  if (!CellAccess::push_callback(*this, owned.get())) {
    await(Timeout());  // released, or about to be, after the callbacks before this one
    return CellAccess::tell_late(*this, owned.release());
  }
  (void)owned.release();
  if (channel_ != nullptr) channel_->watch(*this);
}

bool ResultCell::remove_callback(Callback* callback) noexcept { return CellAccess::remove_callback(*this, callback); }

bool ResultCell::cancel(std::optional<Timeout> force) {
  if (is_ready()) return is_cancelled();
  if (Derivation* made = derivation()) return made->cancel(force);
  return channel_ != nullptr ? channel_->cancel(*this, force) : cancel_by_hand();
}

bool ResultCell::recall() { return !is_ready() && channel_ != nullptr && channel_->recall(*this); }

bool ResultCell::cancel_by_hand() {
  const Protocol::Cancel answer = Protocol::cancel(status_);
  if (answer == Protocol::Cancel::claimed) return await(Timeout()) && is_cancelled();
  if (answer == Protocol::Cancel::started) {
    if (LocalTask* task = local_task()) task->ask_to_stop();
    return false;
  }
  publish_error(std::make_exception_ptr(CancelledError("the result was cancelled before the work had started")));
  return true;
}

bool ResultCell::is_cancelled() {
  if (!is_ready()) return false;
  const std::exception_ptr outcome = error();
  if (outcome == nullptr) return false;
  try {
    std::rethrow_exception(outcome);
  } catch (const CancelledError&) {
    return true;
  } catch (...) {
    return false;
  }
}

bool ResultCell::is_running() {
  if (is_ready()) return false;
  if (channel_ != nullptr) return channel_->is_running(*this);
  if (Derivation* made = derivation()) return made->is_running();
  return Protocol::is_running(status_);
}

bool ResultCell::start() noexcept { return Protocol::start(status_); }

void ResultCell::take_back_start() noexcept { status_.fetch_and(~CellStatus::kStarted, std::memory_order_acq_rel); }

bool ResultCell::claim() noexcept { return Protocol::claim(status_); }

void ResultCell::publish_value() { CellAccess::publish(*this, true); }

void ResultCell::publish_error(std::exception_ptr error) {
  error_ = std::move(error);
  CellAccess::publish(*this, true);
}

bool ResultCell::complete_with_error(std::exception_ptr error) {
  if (!claim()) return false;
  publish_error(std::move(error));
  return true;
}

}  // namespace troupe::detail
