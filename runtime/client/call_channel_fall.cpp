// SPDX-License-Identifier: BSL-1.0
#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <thread>
#include <utility>

#include "base/exit_text.hpp"
#include "base/quoted_name.hpp"
#include "client/call_channel.hpp"
#include "client/cell_status.hpp"
#include "client/session.hpp"
#include "wire/registry.hpp"

namespace troupe::client {

using detail::ResultCell;

namespace {

// Nobody could be told, and all would wait for ever, if it were given up. `f` does all or nothing.
template <class F>
void until_there_is_memory(F f) {
  for (;;) {
    try {
      return f();
    } catch (const std::bad_alloc&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
}

// `first_to_die`: in its group; empty: its own policy gave up.
std::string why_given_up(const std::string& first_to_die) {
  if (first_to_die.empty()) return "the actor has died too often and is not started again (cause() is its first death)";
  return fmt::format("its group has given up: too many of its actors' lives have failed (cause() is the first of those, of {})",
                     first_to_die);
}

}  // namespace

void CallChannel::fall(Fall why) {
  Fall none = Fall::none;
  fall_.compare_exchange_strong(none, why, std::memory_order_seq_cst);
  look();         // judges it, if nobody reads
  wake_reader();  // who reads judges it
}

void CallChannel::break_off(const std::string& why) {
  note_fault(why);
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

void CallChannel::note_fault(const std::string& what) noexcept try {
  const std::lock_guard lock(text_mutex_);
  if (fault_.empty()) fault_ = what;
} catch (const std::bad_alloc&) {  // then the error says less
}

bool CallChannel::may_live_again() const {
  if (fall_.load() != Fall::host_died) return false;
  const std::lock_guard lock(lives_mutex_);
  return !is_last_life_;
}

// Replies that were written before the fall are delivered; then each call is won from the host or found to have started;
// what ran to its end meanwhile is delivered, too; the rest fails, or waits for the next life.
void CallChannel::judge() {
  const bool is_readable = fall_.load() != Fall::protocol_error;
  if (is_readable) drain();
  note_how_it_fell();
  const bool lives_again = may_live_again();
  until_there_is_memory([&] { take_back_requests(lives_again ? Gate::waiting : Gate::closed); });
  if (is_readable) drain();
  is_judged_ = true;
  is_ended_ = !lives_again;
  must_park_ = lives_again;
  if (called_lease_.exchange(0) != 0) unwatch();
  Legacy legacy = settle();
  session_->note_read_to_end(actor_.id);
  bequeath(std::move(legacy));
}

// What cannot wait for a next life fails, but for what it leaves to its heir: at once, so that no call is sent between the two.
CallChannel::Legacy CallChannel::settle() noexcept {
  Legacy legacy;
  SpillQueue failed;
  {
    const std::lock_guard lock(send_lock_);
    legacy = take_legacy();
    failed = settle_taken();
  }
  complete_failed(failed);
  note_room();
  return legacy;
}

// All that may not have been done goes to the front of the queue, in the order in which it was sent. A host that this process
// leaves may still start the one-way messages that it has.
void CallChannel::take_back_requests(Gate gate) {
  using Which = channel::ClientEnd::Which;
  const std::lock_guard lock(send_lock_);
  gate_ = gate;
  const bool leaves_tells = are_tells_taken_back_ || fall_.load() == Fall::runtime_stopped;
  for (std::uint32_t slot = 0; slot < end_.geometry().slots; ++slot) {
    if (ResultCell* cell = pending_[slot].load(std::memory_order_acquire)) CellAccess::set_found(*cell, false);
  }
  SpillQueue taken = copy_left(leaves_tells ? Which::calls : Which::all);
  add_unknown(taken);
  taken.remove_if([this](Spilled& each) { return !take_back(each); });  // from here on nothing fails
  for (auto each = taken.begin(); each != taken.end(); ++each) {
    if (!each->is_taken()) enter_queue(each);
  }
  spill_.splice(spill_.begin(), taken);
  if (!spill_.empty()) watch_spill();
  if (has_excess_.exchange(false)) unwatch();
}

// What the ring holds, beside those that have been answered. Changes nothing here but that they are found.
SpillQueue CallChannel::copy_left(channel::ClientEnd::Which which) {
  SpillQueue all;
  for (const auto& left : end_.judge(which)) {
    const bool is_call = left.kind == wire::RequestKind::call;
    ResultCell* cell = is_call ? pending_[left.ticket.slot].load(std::memory_order_acquire) : nullptr;
    if (is_call && (cell == nullptr || CellAccess::is_found(*cell) || !(CellAccess::ticket(*cell) == left.ticket))) continue;
    Spilled& request = all.emplace_back(Spilled{.cell = cell, .method = left.method});
    Appendix& appendix = request.have_appendix();
    appendix.deadline_ns = left.deadline_ns;
    appendix.ticket = left.ticket;
    appendix.execution = left.execution;
    appendix.is_taken = left.execution != Execution::not_started;
    appendix.is_leased = left.is_leased;
    appendix.is_whole = true;
    if (cell != nullptr) CellAccess::set_found(*cell, true);
    if (!may_restart_ && heir_ == nullptr) continue;
    request.payload = QueuedPayload(left.in_ring.size());
    std::ranges::copy(left.in_ring, request.payload.data());
  }
  return all;
}

// The host says that the places of these calls are free, so it has run them to their end, or lies.
void CallChannel::add_unknown(SpillQueue& taken) {
  for (std::uint32_t slot = end_.geometry().slots; slot-- > 0;) {
    ResultCell* cell = pending_[slot].load(std::memory_order_acquire);
    if (cell == nullptr || CellAccess::is_found(*cell)) continue;
    Appendix& appendix = taken.emplace_front(Spilled{.cell = cell}).have_appendix();
    appendix.ticket = CellAccess::ticket(*cell);
    appendix.execution = end_.withdraw(appendix.ticket, wire::SlotState::taken);
    appendix.is_taken = true;
    appendix.is_leased = true;  // perhaps
  }
}

// Makes it one of the queue. False: it was withdrawn, and whoever did that completes it.
bool CallChannel::take_back(Spilled& request) noexcept {
  Appendix& appendix = *request.appendix;
  const std::uint16_t slot = appendix.ticket.slot;
  if (appendix.is_whole) appendix.extent = end_.take_extent_of(appendix.ticket);
  if (appendix.extent.bytes != 0) request.payload = {};
  if (appendix.is_leased) appendix.lease = take_sent_lease(appendix.ticket);
  if (request.cell == nullptr) return true;
  CellAccess::set_found(*request.cell, false);
  if (sent_retries_ && sent_retries_[slot].generation == appendix.ticket.generation)
    appendix.retry = std::move(sent_retries_[slot].retry);
  if (appendix.is_taken) return true;
  pending_[slot].store(nullptr, std::memory_order_relaxed);
  CellAccess::clear_ticket(*request.cell);
  if (!CellAccess::is_withdrawn(*request.cell)) return true;
  give_back_extent(request);
  request.cell->drop_reference();
  return false;
}

// With the send lock held. Of those that the host had taken, what has been answered by now is done, and what may be tried again
// waits. Where no life follows, nothing waits any more. Returns the rest.
SpillQueue CallChannel::settle_taken() noexcept {
  SpillQueue failed;
  for (auto next = spill_.begin(); next != spill_.end();) {
    const auto each = next++;
    if (!each->is_taken() && gate_ == Gate::waiting && !each->is_of_one_life()) continue;
    if (each->is_taken() && each->cell != nullptr) {
      auto& pending = pending_[each->appendix->ticket.slot];
      if (pending.load(std::memory_order_acquire) != each->cell) {
        give_back_extent(*each);
        spill_.erase(each);
        continue;
      }
      pending.store(nullptr, std::memory_order_relaxed);
      if (gate_ == Gate::waiting && try_again(*each)) {
        enter_queue(each);
        continue;
      }
    }
    give_back_extent(*each);
    lost_tells_ += each->cell == nullptr && !each->is_taken() ? 1 : 0;
    leave_queue(*each);
    failed.splice(failed.end(), spill_, each);
  }
  if (spill_.empty() && has_spill_.exchange(false)) unwatch();
  return failed;
}

bool CallChannel::was_ended_by_caller() const {
  return host_life_ && host_life_.status().was_ended_by_caller.load(std::memory_order_acquire) != 0;
}

// A host that ends at another's wish has not been killed by what it was doing.
bool CallChannel::was_told_to_stop() const {
  return host_life_ && host_life_.status().was_told_to_stop.load(std::memory_order_acquire) != 0;
}

// One that has run, in part or whole; its lease, if it had one, is used up.
bool CallChannel::try_again(Spilled& request) noexcept try {
  Appendix& appendix = *request.appendix;
  Retry& retry = appendix.retry;
  if (!retry.is_wanted || !appendix.is_whole || appendix.is_leased || CellAccess::is_unwanted(*request.cell) ||
      CellAccess::is_claimed(*request.cell))
    return false;
  retry.has_run = true;
  if (!was_told_to_stop()) retry.deaths.push_back(report());
  appendix.is_poison = retry.deaths.size() >= poison_after_;
  if (appendix.is_poison || retry.left == 0) return false;
  --retry.left;
  CellAccess::clear_ticket(*request.cell);
  appendix.is_taken = false;
  return true;
} catch (const std::bad_alloc&) {
  return false;
}

void CallChannel::complete_failed(const SpillQueue& failed) noexcept {
  for (const Spilled& each : failed) {
    give_back(each.lease());
    if (each.cell == nullptr) continue;
    each.cell->complete_with_error(error_of(each));
    each.cell->drop_reference();
  }
}

std::exception_ptr CallChannel::error_of(const Spilled& failed) const noexcept try {
  const std::string call = describe_call(*failed.cell);
  if (failed.appendix == nullptr) return failure(call, Execution::not_started);
  const Execution execution = failed.appendix->execution;
  const auto& deaths = failed.appendix->retry.deaths;
  if (execution == Execution::maybe && CellAccess::is_forced(*failed.cell) && was_ended_by_caller())
    return std::make_exception_ptr(CancelledError(call + " was cancelled by force: its actor's process was killed while it ran"));
  if (!failed.appendix->is_poison) {
    const bool has_run = execution == Execution::not_started && failed.has_run();
    return failure(call, has_run ? Execution::maybe : execution);
  }
  return std::make_exception_ptr(
      PoisonMessage(fmt::format("{}: it ran when the actor died, {}, so it is not sent again; look at causes()", call,
                                deaths.size() == 1 ? "once" : fmt::format("{} times in a row", deaths.size())),
                    deaths));
} catch (const std::bad_alloc&) {
  return std::current_exception();
}

// Also before the channel is judged, which whoever reads it may not have come to yet.
std::uint64_t CallChannel::lost_tells() {
  SpillQueue failed;
  std::unique_lock lock(send_lock_);
  gate_ = Gate::closed;
  if (!are_tells_taken_back_ && !is_judged_ && fall_.load() != Fall::runtime_stopped) {
    failed = copy_left(channel::ClientEnd::Which::tells);
    are_tells_taken_back_ = true;
    for (Spilled& each : failed) take_back(each);
  }
  for (auto next = spill_.begin(); next != spill_.end();) {
    const auto each = next++;
    if (each->cell == nullptr) failed.splice(failed.end(), spill_, each);
  }
  for (const Spilled& each : failed) lost_tells_ += each.is_taken() ? 0 : 1;
  const std::uint64_t lost_tells = lost_tells_;
  lock.unlock();
  complete_failed(failed);
  return lost_tells;
}

std::exception_ptr CallChannel::failure(const std::string& call, Execution execution) const {
  const char* verdict = verdict_text(execution);
  const Fall why = fall_.load();
  const std::lock_guard lock(text_mutex_);
  switch (why) {
    case Fall::manager_died:
      return std::make_exception_ptr(ManagerDied(
          fmt::format("{}: the manager process died, and its actors with it; {}; construct a new Runtime", call, verdict),
          execution));
    case Fall::protocol_error:
    case Fall::refused_by_host:
      return std::make_exception_ptr(
          ProtocolError(fmt::format("{}: {}; the channel to this actor is closed; {}", call, fault_, verdict)));
    case Fall::runtime_stopped:
      return std::make_exception_ptr(RuntimeStopped(fmt::format("{}: the runtime has been shut down; {}", call, verdict)));
    case Fall::not_reopened:
      return std::make_exception_ptr(ActorDied(
          fmt::format("{}: the actor died, and its next life cannot be reached from here: {}; {}", call, fault_, verdict),
          execution, report_));
    case Fall::host_died:
    case Fall::none:
      break;
  }
  if (first_report_ != nullptr && execution == Execution::not_started) {
    return std::make_exception_ptr(
        ActorDied(fmt::format("{}: {}; {}", call, why_given_up(first_to_die_), verdict), execution, first_report_));
  }
  return std::make_exception_ptr(ActorDied(fmt::format("{}: {}; {}", call, death_text_, verdict), execution, report_));
}

// What the host's own status words tell before the manager's report comes.
void CallChannel::note_how_it_fell() noexcept try {
  std::string text = "the actor's process ended";
  if (host_life_) {
    const auto& status = host_life_.status();
    const std::uint32_t signal = status.fatal_signal.load(std::memory_order_acquire);
    const std::uint32_t running = status.running_method.load(std::memory_order_acquire);
    if (signal != 0) text = "the actor's process died of " + detail::signal_text(static_cast<int>(signal));
    if (running != 0) text += ' ' + detail::text_of_running(running_text(running));
  }
  const std::lock_guard lock(text_mutex_);
  death_text_ = std::move(text);
} catch (const std::bad_alloc&) {  // then the error says less
}

std::shared_ptr<detail::DeathReport> CallChannel::report() const {
  const std::lock_guard lock(text_mutex_);
  return report_;
}

std::string CallChannel::running_text(std::uint32_t running) const {
  if (running == wire::kDestructorRuns) return "destructor of " + actor_.type;
  const wire::MethodId id{running - 1};
  const auto* node = wire::find_node({id.module(), id.rank()});
  return node != nullptr ? wire::readable_name(*node) : fmt::format("method {}", id.value);
}

std::string ActorIdentity::text() const {
  if (type == "troupe::detail::PoolWorker") return fmt::format("a worker of the pool (pid {})", pid);  // its user knows no actor
  if (name.empty()) return fmt::format("actor {} ({}, process {})", id.value, type, pid);
  return fmt::format("actor {} {} ({}, process {})", id.value, detail::quoted_name(name), type, pid);
}

std::string describe_call(const detail::RegistrationNode& method, const ActorIdentity& actor) {
  return wire::readable_name(method) + " of " + actor.text();
}

std::string describe_call(const ResultCell& cell) {
  return describe_call(*CellAccess::method(cell), CellAccess::channel(cell)->actor());
}

std::string time_text(std::chrono::nanoseconds time) {
  return fmt::format("{:.1f} ms", std::chrono::duration<double, std::milli>(time).count());
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
