// SPDX-License-Identifier: BSL-1.0
#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include "base/serving.hpp"
#include "client/actor_wait.hpp"
#include "client/call_channel.hpp"
#include "client/call_channel_lead.hpp"
#include "client/cell_status.hpp"
#include "client/session.hpp"
#include "platform/coarse_clock.hpp"
#include "platform/step_mark.hpp"
#include "wire/registry.hpp"

namespace troupe::client {

using Clock = std::chrono::steady_clock;
using detail::ResultCell;

namespace {

// How this thread waits for another one to read its reply.
thread_local channel::SpinPolicy follower_spin(true);

}  // namespace

bool CallChannel::try_read_role() noexcept {
  Role seen = Role::free;
  return read_role_.load(std::memory_order_relaxed) == Role::free &&
         read_role_.compare_exchange_strong(seen, Role::taken, std::memory_order_seq_cst);
}

// For who has been told that there is something to read, and would not be told again: a reader that is just leaving may
// have looked before it came.
bool CallChannel::take_or_contest_read_role() noexcept {
  Role seen = read_role_.load(std::memory_order_seq_cst);
  for (;;) {
    const Role wanted = seen == Role::free ? Role::taken : Role::contested;
    if (read_role_.compare_exchange_weak(seen, wanted, std::memory_order_seq_cst)) return seen == Role::free;
  }
}

// Each of the others announces itself (seq_cst) before it finds the role taken, and this looks for all of them after the
// role is free (seq_cst): one of the two sides sees the other.
void CallChannel::leave_read_role() {
  for (;;) {
    if (must_park_ && park()) return;
    const bool is_watched = watched_.load(std::memory_order_seq_cst) != 0 && !is_judged_;
    if (is_watched) {
      channel::DoorbellProtocol<>::arm(end_.client_bell(), channel::Rest::event, wants_room());
      if (drain()) continue;
    }
    const bool is_contested = read_role_.exchange(Role::free, std::memory_order_seq_cst) == Role::contested;
    end_.settle_behind_update();
    const bool is_fall_new = has_fallen() && !is_judged_;
    const bool is_watch_new = !is_watched && watched_.load(std::memory_order_seq_cst) != 0 && !is_judged_;
    if (!(is_contested || is_fall_new || is_watch_new) || !take_or_contest_read_role()) break;
    if (has_fallen() && !is_judged_) judge();
    drain();
  }
  if (room_waiters_.load(std::memory_order_seq_cst) != 0) note_room();
  if (follower_count_.load(std::memory_order_seq_cst) != 0) promote_one();
}

bool CallChannel::await(ResultCell& cell, TimePoint deadline) {
  if (serving.actor_key != 0) return await_in_actor(cell, deadline);
  return await_until(cell, deadline, [&] { return CellAccess::is_over(cell); });
}

template <class Over>
inline bool CallChannel::await_until(ResultCell& cell, TimePoint deadline, const Over& over) {
  TimePoint own_deadline = deadline_of(cell);
  const auto own = [&]() -> std::optional<platform::FutexTarget> {
    const std::uint32_t seen = CellAccess::announce_sleep(cell);
    if (seen == 0) return std::nullopt;
    return platform::FutexTarget{&CellAccess::status(cell), seen, platform::FutexScope::this_process};
  };
  std::optional<LoopReads> loop_reads;
  if (!platform::has_futex_wait_any() && !over()) loop_reads.emplace(*this);
  while (!over()) {
    const TimePoint limit = std::min(deadline, own_deadline);
    if (is_ended_ || loop_reads) {
      CellAccess::sleep_on(cell, limit);
    } else if (try_read_role()) {
      lead(over, own, limit);
      leave_read_role();
    } else {
      follow(cell, limit);
    }
    if (limit == TimePoint::max() || over()) continue;
    const TimePoint now = Clock::now();
    if (now >= own_deadline) {
      expire(cell);
      own_deadline = TimePoint::max();  // it has been completed
    }
    if (now >= deadline) return over();
  }
  return true;
}

// An actor's thread: while it waits, its actor answers nobody.
bool CallChannel::await_in_actor(ResultCell& cell, TimePoint deadline) {
  if (serving.actor_key == key_.low) check_not_own(cell, deadline);
  const TimePoint patience = TimePoint(platform::coarse_now() + detail::TurnWait::kPatience);
  const bool is_over = await_until(cell, std::min(deadline, patience), [&] { return CellAccess::is_over(cell); });
  if (is_over || deadline <= patience) return is_over;
  if (deadline == TimePoint::max() && is_awaited_for_good(cell)) return await_with_others(cell);
  return await_until(cell, deadline, [&] { return CellAccess::is_over(cell); });
}

// Of another manager's actors nobody knows who waits for whom, and what ends at its time is not for ever.
bool CallChannel::is_awaited_for_good(const ResultCell& cell) const {
  return CellAccess::deadline_ns(cell) == wire::kNoDeadline && session_->is_actor();
}

void CallChannel::tell_of_wait(std::uint64_t number) const noexcept { session_->tell_of_wait({actor_.id, number}); }

// It may be one of several actors that wait for each other: the manager, which hears of all of them, says so then.
bool CallChannel::await_with_others(ResultCell& cell) {
  struct Telling {
    ~Telling() { wait.end(number); }
    ActorWait& wait;
    const std::uint64_t number;
  };
  ActorWait& wait = session_->actor_wait();
  ResultCell* const cells[] = {&cell};
  const Telling telling{wait, wait.begin(*this, cells)};
  tell_of_wait(telling.number);
  await_until(cell, TimePoint::max(), [&] { return CellAccess::is_over(cell) || wait.is_for_ever(); });
  if (CellAccess::is_over(cell)) return true;
  throw wait.error();
}

// Its own actor's calls run in this thread, which is about to wait.
void CallChannel::check_not_own(ResultCell& cell, TimePoint deadline) {
  if (serving.actor_key != key_.low) return;
  look();
  const bool is_to_come = CellAccess::is_claimed(cell) || has_ended(cell);  // another thread reads it, or tells its callbacks
  if (is_to_come || CellAccess::is_over(cell) || has_fallen() || deadline <= Clock::now()) return;
  throw WouldDeadlock(describe_call(cell) +
                      ": a method of this very actor waits for it, and the actor runs one call at a time; return first, or call "
                      "the method directly");
}

CallChannel::LoopReads::LoopReads(CallChannel& channel) : channel_(channel) {
  channel.watched_.fetch_add(1, std::memory_order_seq_cst);
  try {
    channel.have_loop_watch();
    channel.look();
  } catch (...) {
    channel.unwatch();
    throw;
  }
}

void CallChannel::follow(ResultCell& cell, TimePoint deadline) {
  {
    const std::lock_guard lock(followers_mutex_);
    followers_.push_back(&cell);
  }
  follower_count_.fetch_add(1, std::memory_order_seq_cst);
  auto& status = CellAccess::status(cell);
  // Looks for the role once more after being counted: who leaves it now promotes a follower.
  const auto is_over = [&] { return CellAccess::is_over(cell) || read_role_.load(std::memory_order_seq_cst) == Role::free; };
  while (!is_over()) {
    // Neither the host nor the reader may be kept from its processor.
    const std::uint32_t hosts = end_.host_bell().processor.load(std::memory_order_relaxed);
    const std::uint32_t peers =
        hosts == platform::current_processor() ? hosts : end_.client_bell().processor.load(std::memory_order_relaxed);
    if (spin_.is_enabled() && follower_spin.spin_until(is_over, peers)) break;
    const std::uint32_t seen = CellAccess::announce_sleep(cell);
    if (seen == 0) break;
    if (platform::futex_wait(status, seen, platform::FutexScope::this_process, deadline) == platform::FutexWake::timed_out) break;
    if (CellAccess::Protocol::take_promotion(status)) break;
  }
  follower_count_.fetch_sub(1, std::memory_order_seq_cst);
  {
    const std::lock_guard lock(followers_mutex_);
    followers_.erase(std::find(followers_.begin(), followers_.end(), &cell));
  }
  CellAccess::Protocol::take_promotion(status);  // one that came late would keep it from sleeping
  // One that was promoted may be leaving for good (its time is up, its result came): then the next is promoted.
  if (follower_count_.load(std::memory_order_seq_cst) != 0) promote_one();
}

// Wakes one of the followers to become the reader, unless somebody reads.
void CallChannel::promote_one() {
  const std::lock_guard lock(followers_mutex_);
  if (read_role_.load(std::memory_order_seq_cst) != Role::free) return;
  for (ResultCell* cell : followers_) {
    if (CellAccess::is_visible(*cell)) continue;
    return CellAccess::Protocol::promote(CellAccess::status(*cell));
  }
}

void CallChannel::poll(ResultCell& cell) {
  if (CellAccess::deadline_ns(cell) != wire::kNoDeadline) expire_if_due(cell);
  look();
}

void CallChannel::look() {
  if (!take_or_contest_read_role()) return;
  if (has_fallen() && !is_judged_) judge();
  drain();
  leave_read_role();
}

// Who counts the first has to look: that arms the event, if nobody reads; who reads arms it when leaving. Those that come
// behind have no need to.
void CallChannel::watch(ResultCell& cell) {
  const bool is_first = watched_.fetch_add(1, std::memory_order_seq_cst) == 0;
  if (CellAccess::Protocol::watch(CellAccess::status(cell))) {
    if (CellAccess::deadline_ns(cell) != wire::kNoDeadline) session_->expire_later(cell, *this);
  } else {
    unwatch();
  }
  if (is_first) look();
}

void CallChannel::have_loop_watch() {
  if (is_ended_ || is_event_watched_.exchange(true)) return;  // of what has ended, nothing comes any more
  try {
    session_->watch_event(*this);
  } catch (const std::system_error& error) {  // the next one tries again
    is_event_watched_ = false;
    throw Error(std::string("a callback cannot be waited for: ") + error.what());
  }
}

bool CallChannel::serve() {
  const bool can_come_again = client_event_.clear();
  look();
  return can_come_again;
}

// Once the channel is judged, a host that lives on (its manager died) may still write: nobody waits for that.
bool CallChannel::drain() {
  if (is_judged_) return false;
  bool has_read = false;
  try {
    while (const auto reply = end_.next_reply()) {
      if (reply->lease == 0) [[likely]] {
        deliver(*reply);
      } else {
        deliver_leased(*reply);
      }
      has_read = true;
    }
  } catch (const ProtocolError& error) {
    note_fault(error.what());
    Fall none = Fall::none;
    fall_.compare_exchange_strong(none, Fall::protocol_error, std::memory_order_seq_cst);
  }
  if (wants_room()) {
    const std::uint64_t progress = end_.host_progress();
    if (std::exchange(seen_progress_, progress) != progress) has_read = true;
    if (has_read) {
      note_room();
      flush_spill();
      trim_extents();
    }
  }
  return has_read;
}

void CallChannel::deliver(const channel::ClientEnd::Reply& reply) {
  TROUPE_STEP_MARK("receive");
  auto& pending = pending_[reply.ticket.slot];
  ResultCell* cell = pending.load(std::memory_order_acquire);
  if (cell == nullptr) throw ProtocolError("a reply came for a slot whose call waits for none");
  pending.store(nullptr, std::memory_order_relaxed);
  if (reply.kind == wire::ReplyKind::value && CellAccess::is_plain(*cell)) {
    deliver_value(*cell, reply);
  } else {
    const bool is_first = cell->claim();  // else it was expired or cancelled, and this reply comes late
    const bool is_decoded = is_first && store_outcome(*cell, reply);
    if (!is_first) note_late();
    end_.finish(reply);
    if (is_first) CellAccess::publish(*cell, is_decoded);
  }
  cell->drop_reference();
  TROUPE_STEP_MARK("receive ends");
}

// Decoded before the cell is claimed, so that one update completes it: the value is nobody else's to write, and where
// another thread is first with an error, nobody looks at it.
inline void CallChannel::deliver_value(detail::ResultCell& cell, const channel::ClientEnd::Reply& reply) {
  bool is_decoded = true;
  if (CellAccess::is_claimed(cell)) [[unlikely]] {
    note_late();
  } else {
    try {
      CellAccess::decode(cell, end_.payload(reply));
    } catch (...) {
      is_decoded = false;
      if (cell.claim()) {
        CellAccess::store_decoding_error(cell);
        CellAccess::publish(cell, true);
      }
    }
  }
  end_.finish(reply);
  if (is_decoded) CellAccess::complete_with_value(cell);
}

// There are proxies in it, and this process has to say what becomes of them. That it has the reply, it says first: from then on
// only its own end, or its word, ends the lease.
void CallChannel::deliver_leased(const channel::ClientEnd::Reply& reply) {
  struct Arriving {
    ~Arriving() {
      const std::uint64_t left = std::exchange(channel.arriving_lease_, 0);
      if (left != 0) channel.session_->end_lease_of(channel.actor_.id, left);  // nobody will decode it
    }
    CallChannel& channel;
  };
  session_->note_received(actor_.id, reply.lease);
  arriving_lease_ = reply.lease;
  const Arriving arriving{*this};
  deliver(reply);
  delivered_lease_.store(reply.lease, std::memory_order_seq_cst);
  stop_calling_for(reply.lease);
}

// The call may come before the reply, and after it. Of the reader, who notes the delivery and then looks for a call, and the
// loop, which notes the call and then looks for the delivery, one sees the other.
void CallChannel::call_for(std::uint64_t lease) {
  have_loop_watch();
  std::uint64_t due = called_lease_.load(std::memory_order_seq_cst);
  while (due < lease) {
    if (due == 0) watched_.fetch_add(1, std::memory_order_seq_cst);
    if (called_lease_.compare_exchange_strong(due, lease, std::memory_order_seq_cst)) break;  // else it is 0 now
  }
  stop_calling_for(delivered_lease_.load(std::memory_order_seq_cst));
  look();
}

void CallChannel::stop_calling_for(std::uint64_t delivered) {
  std::uint64_t due = called_lease_.load(std::memory_order_seq_cst);
  if (due != 0 && due <= delivered && called_lease_.compare_exchange_strong(due, 0, std::memory_order_seq_cst)) unwatch();
}

// Returns whether the outcome is complete; otherwise an arrival is left to decode.
bool CallChannel::store_outcome(ResultCell& cell, const channel::ClientEnd::Reply& reply) try {
  using wire::ReplyKind;
  if (reply.kind == ReplyKind::value || reply.kind == ReplyKind::exception) {
    auto arrival = std::make_unique<detail::Arrival>();
    const auto payload = end_.payload(reply);
    arrival->bytes.assign(payload.begin(), payload.end());
    arrival->is_exception = reply.kind == ReplyKind::exception;
    arrival->channel = this;
    arrival->lease = std::exchange(arriving_lease_, 0);
    add_reference();
    CellAccess::set_arrival(cell, arrival.release());
    return false;
  }
  CellAccess::set_error(cell, refusal(cell, reply));
  if (reply.kind == ReplyKind::expired || reply.kind == ReplyKind::skipped) note_expired_there(cell);
  return true;
} catch (...) {  // it does not decode, or there is no memory for it
  CellAccess::set_error(cell, std::current_exception());
  return true;
}

namespace {

// How long it waited, and, where the host says it, before how many others of this process.
std::string waited_text(const ResultCell& cell, std::string_view depth_bytes) {
  if (CellAccess::sent_at(cell) == CallChannel::TimePoint()) return {};
  std::uint32_t depth = 0;
  if (depth_bytes.size() == sizeof depth) std::memcpy(&depth, depth_bytes.data(), sizeof depth);
  return fmt::format("it waited for {}, with {} more calls of this process behind it; ",
                     time_text(Clock::now() - CellAccess::sent_at(cell)), depth);
}

}  // namespace

std::exception_ptr CallChannel::stream_is_gone(const std::string& call) const {
  const std::lock_guard lock(text_mutex_);
  if (last_report_ == nullptr) return std::make_exception_ptr(ProtocolError(call + ": the actor does not know this stream"));
  return std::make_exception_ptr(
      ActorDied(call + ": the actor has died since this stream was opened, and lives again; open another one",
                Execution::not_started, last_report_));
}

std::exception_ptr CallChannel::refusal(const ResultCell& cell, const channel::ClientEnd::Reply& reply) const {
  using wire::ReplyKind;
  const std::string_view detail(reinterpret_cast<const char*>(reply.in_ring.data()), reply.in_ring.size());
  const std::string call = describe_call(cell);
  switch (reply.kind) {
    case ReplyKind::skipped:  // who withdrew it has not claimed it yet
    case ReplyKind::expired: {
      const std::lock_guard lock(send_lock_);
      const bool has_run = has_run_before(reply.ticket);
      if (CellAccess::is_cancelled(cell)) return cancellation(call, has_run ? Execution::maybe : Execution::not_started);
      return std::make_exception_ptr(
          TimeoutError(fmt::format("{}: the deadline had passed before its turn came; {}{}", call, waited_text(cell, detail),
                                   has_run ? "it ran in an earlier life" : "it was not started"),
                       has_run ? Execution::maybe : Execution::not_started));
    }
    case ReplyKind::unencodable:
      return std::make_exception_ptr(
          SerializationError(fmt::format("{} ran, but its result cannot be sent: {}", call, detail), Direction::result));
    case ReplyKind::undecodable:
      return std::make_exception_ptr(
          SerializationError(fmt::format("{} did not run, its arguments cannot be decoded: {}", call, detail)));
    case ReplyKind::no_method:
      return std::make_exception_ptr(IncompatibleInterface(
          fmt::format("{}: the actor's process has no such method; was it loaded after the actor was spawned? ({})", call,
                      wire::module_of(*CellAccess::method(cell)))));
    case ReplyKind::no_stream:
      return stream_is_gone(call);
    case ReplyKind::cancelled:
      return std::make_exception_ptr(CancelledError(call + " was cancelled while it ran, and has stopped"));
    default:
      return std::make_exception_ptr(
          ProtocolError(fmt::format("{}: the actor answered with the unknown kind {}", call, static_cast<int>(reply.kind))));
  }
}

void CallChannel::note_room() {
  room_epoch_.fetch_add(1, std::memory_order_seq_cst);
  platform::futex_wake(room_epoch_, INT32_MAX, platform::FutexScope::this_process);
}

bool CallChannel::wants_room() const {
  return room_waiters_.load(std::memory_order_seq_cst) != 0 || has_spill_.load(std::memory_order_seq_cst) ||
         has_excess_.load(std::memory_order_relaxed);
}

void CallChannel::publish_processor() {
  const std::uint32_t now_on = platform::current_processor();
  if (now_on == processor_) return;
  processor_ = now_on;
  end_.client_bell().processor.store(now_on, std::memory_order_relaxed);
}

CallChannel::TimePoint CallChannel::deadline_of(const ResultCell& cell) {
  return TimePoint(std::chrono::nanoseconds(CellAccess::deadline_ns(cell)));
}

}  // namespace troupe::client
