// SPDX-License-Identifier: BSL-1.0
#include <troupe/error.hpp>

#include <fmt/core.h>

#include <utility>

#include "base/exit_text.hpp"
#include "client/call_channel.hpp"
#include "client/cell_status.hpp"
#include "client/session.hpp"
#include "wire/registry.hpp"

namespace troupe::client {

using detail::ResultCell;

void CallChannel::fall(Fall why) {
  Fall none = Fall::none;
  fall_.compare_exchange_strong(none, why, std::memory_order_seq_cst);
  look();         // judges it, if nobody reads
  wake_reader();  // who reads judges it
}

void CallChannel::break_off(const std::string& why) {
  note_protocol_error(why);
  fall(Fall::refused_by_host);
}

// The reader that sleeps looks again; see sleep_as_reader for the other half.
void CallChannel::wake_reader() {
  auto& bell = end_.client_bell();
  bell.state.exchange(static_cast<std::uint32_t>(channel::Rest::awake), std::memory_order_seq_cst);
  platform::futex_wake(bell.state, INT32_MAX, platform::FutexScope::shared);
}

void CallChannel::note_host_fallen() {
  Fall none = Fall::none;
  fall_.compare_exchange_strong(none, session_->has_manager_fallen() ? Fall::manager_died : Fall::host_died,
                                std::memory_order_seq_cst);
}

void CallChannel::note_protocol_error(const std::string& what) {
  const std::lock_guard lock(protocol_error_mutex_);
  if (protocol_error_.empty()) protocol_error_ = what;
}

// Replies that were written before the fall are delivered; then each call is won from the host or found to have started;
// what ran to its end meanwhile is delivered, too; the rest fails.
void CallChannel::judge() {
  const bool is_readable = fall_.load() != Fall::protocol_error;
  if (is_readable) drain();
  std::list<Spilled> unsent;
  std::vector<std::uint64_t> lost_leases;
  {
    const std::lock_guard lock(send_lock_);
    lost_leases = give_up_tells();
    unsent.swap(spill_);
    if (has_spill_.exchange(false)) unwatch();
    if (has_excess_.exchange(false)) unwatch();
  }
  std::vector<std::pair<std::uint32_t, Execution>> verdicts;
  for (std::uint32_t slot = 0; slot < end_.geometry().slots; ++slot) {
    if (ResultCell* cell = pending_[slot].load(std::memory_order_acquire)) {
      verdicts.emplace_back(slot, end_.withdraw(CellAccess::ticket(*cell), wire::SlotState::taken));
    }
  }
  if (is_readable) drain();
  is_judged_ = true;
  for (const auto& [slot, execution] : verdicts) {
    ResultCell* cell = pending_[slot].exchange(nullptr, std::memory_order_acq_rel);
    if (cell == nullptr) continue;
    cell->complete_with_error(failure(describe_call(*cell), execution));
    if (execution == Execution::not_started) give_back(take_sent_lease(CellAccess::ticket(*cell)));
    cell->drop_reference();
  }
  for (const Spilled& each : unsent) {
    each.cell->complete_with_error(failure(describe_call(*each.cell), Execution::not_started));
    each.cell->drop_reference();
    give_back(each.lease);
  }
  for (const std::uint64_t lease : lost_leases) give_back(lease);
  note_room();
  session_->note_read_to_end(actor_.id);
}

std::uint64_t CallChannel::lost_tells() {
  std::unique_lock lock(send_lock_);
  const std::vector<std::uint64_t> lost_leases = give_up_tells();
  const std::uint64_t lost_tells = lost_tells_;
  lock.unlock();
  for (const std::uint64_t lease : lost_leases) give_back(lease);
  return lost_tells;
}

// With the send lock held. What comes later is refused. A host that this process leaves may still start what it has.
// Returns the leases of those that never will start, for after the lock.
std::vector<std::uint64_t> CallChannel::give_up_tells() {
  is_closed_ = true;
  std::vector<std::uint64_t> leases;
  if (fall_.load() != Fall::runtime_stopped) {
    for (const channel::Ticket ticket : end_.withdraw_tells()) leases.push_back(take_sent_lease(ticket));
  }
  std::erase_if(spill_, [&](const Spilled& each) {
    if (each.cell != nullptr) return false;
    leases.push_back(each.lease);
    return true;
  });
  lost_tells_ += leases.size();
  return leases;
}

std::exception_ptr CallChannel::failure(const std::string& call, Execution execution) const {
  const char* verdict = verdict_text(execution);
  switch (fall_.load()) {
    case Fall::manager_died:
      return std::make_exception_ptr(ManagerDied(
          fmt::format("{}: the manager process died, and its actors with it; {}; construct a new Runtime", call, verdict),
          execution));
    case Fall::protocol_error:
    case Fall::refused_by_host: {
      const std::lock_guard lock(protocol_error_mutex_);
      return std::make_exception_ptr(
          ProtocolError(fmt::format("{}: {}; the channel to this actor is closed; {}", call, protocol_error_, verdict)));
    }
    case Fall::runtime_stopped:
      return std::make_exception_ptr(RuntimeStopped(fmt::format("{}: the runtime has been shut down; {}", call, verdict)));
    case Fall::host_died:
    case Fall::none:
      break;
  }
  return std::make_exception_ptr(ActorDied(fmt::format("{}: {}; {}", call, death_text(), verdict), execution, report_));
}

// What the host's own status words tell before the manager's report comes.
std::string CallChannel::death_text() const {
  if (!host_life_) return "the actor's process ended";
  const auto& status = host_life_.status();
  const std::uint32_t signal = status.fatal_signal.load(std::memory_order_acquire);
  const std::uint32_t running = status.running_method.load(std::memory_order_acquire);
  std::string text = "the actor's process ";
  text += signal != 0 ? "died of " + detail::signal_text(static_cast<int>(signal)) : "ended";
  if (running != 0) text += ' ' + detail::text_of_running(running_text(running));
  return text;
}

std::string CallChannel::running_text(std::uint32_t running) const {
  if (running == wire::kDestructorRuns) return "destructor of " + actor_.type;
  const wire::MethodId id{running - 1};
  const auto* node = wire::find_node({id.module(), id.rank()});
  return node != nullptr ? wire::readable_name(*node) : fmt::format("method {}", id.value);
}

std::string ActorIdentity::text() const {
  if (name.empty()) return fmt::format("actor {} ({}, process {})", id.value, type, pid);
  return fmt::format("actor {} \"{}\" ({}, process {})", id.value, name, type, pid);
}

std::string describe_call(const detail::RegistrationNode& method, const ActorIdentity& actor) {
  return wire::readable_name(method) + " of " + actor.text();
}

std::string describe_call(const ResultCell& cell) {
  return describe_call(*CellAccess::method(cell), CellAccess::channel(cell)->actor());
}

const char* verdict_text(Execution execution) {
  switch (execution) {
    case Execution::not_started:
      return "it had not started, so it is safe to send it again";
    case Execution::maybe:
      return "it had started, so it may have taken effect";
    case Execution::done:
      break;
  }
  return "it had run to its end, but its result was lost";
}

}  // namespace troupe::client
