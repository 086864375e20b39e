// SPDX-License-Identifier: BSL-1.0
// Calls that are taken back: at their deadline, or because their caller does not want them any more.
#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <mutex>
#include <stdexcept>

#include "client/call_channel.hpp"
#include "client/cell_status.hpp"
#include "client/heir.hpp"
#include "client/moved_call.hpp"
#include "client/session.hpp"
#include "platform/coarse_clock.hpp"
#include "platform/processor.hpp"

namespace troupe::client {

using Clock = std::chrono::steady_clock;
using detail::ResultCell;

CallChannel::Withdrawal CallChannel::withdraw(ResultCell& cell, Why why, bool by_force) {
  Withdrawal withdrawal;
  std::uint64_t lease = 0;
  {
    const std::lock_guard lock(send_lock_);
    withdrawal = CellAccess::is_sent(cell) ? withdraw_sent(cell, lease) : withdraw_spilled(cell, lease);
    // A recalled one, too: the host may answer that it has skipped it before whoever withdrew it claims it.
    if (withdrawal.is_won && why != Why::expired) CellAccess::set_cancelled(cell);
    if (withdrawal.execution == Execution::maybe && why == Why::cancelled) CellAccess::set_unwanted(cell, by_force);
    withdrawal.is_cancelled = CellAccess::is_cancelled(cell);
  }
  give_back(lease);
  return withdrawal;
}

// Both with the send lock held.
CallChannel::Withdrawal CallChannel::withdraw_sent(ResultCell& cell, std::uint64_t& lease) {
  const channel::Ticket ticket = CellAccess::ticket(cell);
  const Execution execution = end_.withdraw(ticket, wire::SlotState::cancelled);
  if (execution != Execution::not_started || CellAccess::is_withdrawn(cell))
    return {.execution = execution, .ticket = ticket, .running_for = running_for(execution)};
  CellAccess::set_withdrawn(cell);
  lease = take_sent_lease(ticket);
  return {.is_won = true, .execution = has_run_before(ticket) ? Execution::maybe : execution};
}

// The host has one call at a time, so it is this one that its status speaks of; or the next, when this one has just ended.
std::chrono::nanoseconds CallChannel::running_for(Execution execution) const {
  if (execution != Execution::maybe || !host_life_) return {};
  const std::chrono::nanoseconds since(host_life_.status().running_since.load(std::memory_order_relaxed));
  return std::max(platform::coarse_now() - since, std::chrono::nanoseconds(0));
}

CallChannel::Withdrawal CallChannel::withdraw_spilled(ResultCell& cell, std::uint64_t& lease) {
  if (!CellAccess::is_queued(cell)) return {.moved = moved_or_null(cell)};  // or somebody has completed it, or is about to
  const auto spilled = as_iterator(CellAccess::queue_place(cell));
  give_back_extent(*spilled);
  lease = spilled->lease();
  const bool has_run = spilled->has_run();  // in an earlier life
  CellAccess::leave_queue(cell);
  spill_.erase(spilled);
  if (spill_.empty() && has_spill_.exchange(false)) unwatch();
  cell.drop_reference();
  return {.is_won = true, .execution = has_run ? Execution::maybe : Execution::not_started};
}

void CallChannel::expire_if_due(ResultCell& cell) {
  if (Clock::now().time_since_epoch().count() < CellAccess::deadline_ns(cell)) return;
  expire(cell);
  look();
}

// A call whose turn is over has its answer in the ring, or has run and is about to be answered: which, only the reader can
// see. A host that is stopped in that moment may never do it, so the deadline holds all the same.
Execution CallChannel::look_for_late(const ResultCell& cell) {
  if (!take_or_contest_read_role()) {  // the reader is about to see the answer, if there is one
    const TimePoint limit = Clock::now() + std::chrono::milliseconds(1);
    while (!CellAccess::is_claimed(cell) && Clock::now() < limit) platform::yield_processor();
    return Execution::maybe;
  }
  drain();
  leave_read_role();
  return Execution::done;
}

void CallChannel::expire(ResultCell& cell) {
  const Withdrawal withdrawal = withdraw(cell, Why::expired);
  if (withdrawal.moved != nullptr) return withdrawal.moved->expire();
  const Execution execution = withdrawal.execution == Execution::done ? look_for_late(cell) : withdrawal.execution;
  if (!cell.claim()) return;
  if (const auto told = heir()) told->note_expiry();
  if (withdrawal.is_cancelled) return cell.publish_error(cancellation(describe_call(cell), execution));
  const auto since_sent = Clock::now() - CellAccess::sent_at(cell);
  const std::string running =
      execution == Execution::maybe ? fmt::format(", and has run for {}", time_text(withdrawal.running_for)) : std::string();
  cell.publish_error(std::make_exception_ptr(
      TimeoutError(fmt::format("{}: its deadline has passed; it was sent {} ago{}; {}", describe_call(cell),
                               time_text(since_sent), running, verdict_text(execution)),
                   execution)));
}

bool CallChannel::cancel(ResultCell& cell, std::optional<Timeout> force) {
  if (force && !may_restart_) {
    throw std::logic_error(describe_call(cell) +
                           " cannot be cancelled by force, since its actor would not be started again; spawn it with "
                           "SpawnOptions::restart, or kill() it");
  }
  const Withdrawal withdrawal = withdraw(cell, Why::cancelled, force.has_value());
  if (withdrawal.moved != nullptr) return withdrawal.moved->cancel(force);
  if (withdrawal.is_won && cell.claim()) cell.publish_error(cancellation(describe_call(cell), withdrawal.execution));
  if (withdrawal.execution == Execution::maybe && !withdrawal.is_won) ask_to_stop(withdrawal.ticket, force);
  return withdrawal.is_cancelled;
}

bool CallChannel::recall(ResultCell& cell) {
  const Withdrawal withdrawal = withdraw(cell, Why::recalled);
  if (withdrawal.moved != nullptr) return withdrawal.moved->recall();
  if (withdrawal.is_won && cell.claim()) cell.publish_error(cancellation(describe_call(cell), withdrawal.execution));
  return withdrawal.is_won;
}

// The one that has this ticket: where the actor has another life meanwhile, that is none of its calls.
void CallChannel::ask_to_stop(channel::Ticket ticket, std::optional<Timeout> force) {
  session_->cancel_call({actor_.id, ticket.slot, ticket.generation, force ? force->span().count() : wire::CancelCall::kNoForce});
}

std::exception_ptr CallChannel::cancellation(const std::string& call, Execution execution) {
  return std::make_exception_ptr(CancelledError(fmt::format("{} was cancelled; {}", call, verdict_text(execution))));
}

bool CallChannel::is_running(const ResultCell& cell) {
  std::unique_lock lock(send_lock_);
  if (CellAccess::is_sent(cell)) return end_.is_started(CellAccess::ticket(cell));
  const auto moved = moved_or_null(cell);
  lock.unlock();
  return moved != nullptr && moved->is_running();
}

bool CallChannel::has_ended(const ResultCell& cell) const {
  const std::lock_guard lock(send_lock_);
  return CellAccess::is_sent(cell) && end_.has_ended(CellAccess::ticket(cell));
}

}  // namespace troupe::client
