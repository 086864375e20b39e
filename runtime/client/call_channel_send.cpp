// SPDX-License-Identifier: BSL-1.0
#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <new>
#include <system_error>
#include <utility>

#include "base/serving.hpp"
#include "client/call_channel.hpp"
#include "client/call_channel_lead.hpp"
#include "client/cell_status.hpp"
#include "client/session.hpp"
#include "platform/complaint.hpp"
#include "platform/step_mark.hpp"
#include "wire/registry.hpp"

namespace troupe::client {

using Clock = std::chrono::steady_clock;

namespace {

// A call ends at its own deadline, and at that of the call that it is made for. A one-way message has only its own: it would be
// lost without a word.
std::int64_t deadline_from_now(Timeout span, bool is_call) {
  const std::int64_t inherited = is_call ? serving.deadline_ns : wire::kNoDeadline;
  if (span.is_forever()) return inherited;
  return std::min<std::int64_t>(span.after(Clock::now()).time_since_epoch().count(), inherited);
}

CallChannel::TimePoint as_time(std::int64_t deadline_ns) { return CallChannel::TimePoint(std::chrono::nanoseconds(deadline_ns)); }

Spilled spilled_in(const wire::ExtentReference& extent) {
  Spilled spilled;
  spilled.have_appendix().extent = extent;
  return spilled;
}

wire::MethodId method_id(const detail::RegistrationNode& node) {
  const std::uint32_t number = node.number.load(std::memory_order_relaxed);
  return number != detail::RegistrationNode::kUnnumbered ? wire::MethodId{number} : wire::number_of(node);
}

}  // namespace

std::byte* CallChannel::reserve(detail::CallWriter& writer, std::size_t payload_bytes) {
  TROUPE_STEP_MARK("push");
  const auto& own = writer.options_ != nullptr ? writer.options_->deadline : std::nullopt;
  writer.deadline_ns_ = deadline_from_now(own.value_or(deadline_), writer.cell_ != nullptr);
  try {
    writer.method_ = method_id(writer.node_).value;  // here, where it may fail
  } catch (const IncompatibleInterface&) {
    fail(writer, std::current_exception());
    return nullptr;
  }
  if (writer.deadline_ns_ != wire::kNoDeadline && writer.cell_ != nullptr && is_over_before_sent(writer)) [[unlikely]]
    return nullptr;
  if (writer.options_ != nullptr) writer.is_idempotent_ = writer.options_->idempotent && may_restart_;
  if ((writer.lease_ != 0 || writer.is_idempotent_) && !have_sent_tables(writer)) [[unlikely]]
    return nullptr;
  if (payload_bytes > end_.max_ring_request()) [[unlikely]]
    return reserve_large(writer, payload_bytes);
  const auto bytes = static_cast<std::uint32_t>(payload_bytes);
  std::unique_lock lock(send_lock_);
  if (gate_ == Gate::open && spill_.empty() && try_draft(bytes)) {
    lock.release();  // send() unlocks
    return draft_->payload;
  }
  return reserve_full(writer, bytes, lock);
}

// One that is over already is not sent: the host could win it, and refuse it, while its verdict is being looked for.
bool CallChannel::is_over_before_sent(detail::CallWriter& writer) {
  const TimePoint now = Clock::now();
  CellAccess::set_sent_at(*writer.cell_, now);
  if (now < as_time(writer.deadline_ns_)) return false;
  fail(writer, std::make_exception_ptr(TimeoutError(
                   describe_call(writer.node_, actor()) + ": its deadline passed before it was sent", Execution::not_started)));
  return true;
}

// A host that lies about its progress ends the channel.
template <class Attempt>
bool CallChannel::attempt_under_lock(const Attempt& attempt) {
  try {
    return attempt();
  } catch (const ProtocolError& error) {
    gate_ = Gate::closed;
    note_fault(error.what());
    return false;
  }
}

bool CallChannel::try_draft(std::uint32_t payload_bytes) {
  return attempt_under_lock([&] { return (draft_ = end_.draft(payload_bytes)).has_value(); });
}

std::byte* CallChannel::reserve_full(detail::CallWriter& writer, std::uint32_t payload_bytes, std::unique_lock<SendLock>& lock) {
  try {
    const auto attempt = [&] {
      return find_place(
          writer, [&] { return try_draft(payload_bytes); }, [&] { return Spilled{.payload = QueuedPayload(payload_bytes)}; });
    };
    if (!attempt()) await_place(writer, lock, attempt);
    lock.release();
    return is_draft_spilled_ ? spill_.back().payload.data() : draft_->payload;
  } catch (...) {
    if (lock.owns_lock()) lock.unlock();
    fail(writer, std::current_exception());
    return nullptr;
  }
}

// The payload is written without the lock: that takes as long as its bytes.
std::byte* CallChannel::reserve_large(detail::CallWriter& writer, std::size_t payload_bytes) {
  std::unique_lock lock(send_lock_, std::defer_lock);
  try {
    check_payload(writer.node_, payload_bytes);
    std::optional<channel::ExtentWriter::Place> place;
    const auto take = [&] { return attempt_under_lock([&] { return (place = end_.take_extent(payload_bytes)).has_value(); }); };
    const auto attempt = [&] {
      return find_place(writer, take, [&] { return Spilled{.payload = QueuedPayload(payload_bytes)}; });
    };
    lock.lock();
    if (!attempt()) await_place(writer, lock, attempt);
    if (is_draft_spilled_) {
      lock.release();
      return spill_.back().payload.data();
    }
    const bool is_excess_new = end_.has_excess_extents() && !has_excess_.exchange(true);
    lock.unlock();
    if (is_excess_new) watch_excess();
    std::byte* payload = open_extent(*place);
    writer.extent_offset_ = place->extent.offset;
    writer.extent_bytes_ = place->extent.bytes;
    return payload;
  } catch (...) {
    if (lock.owns_lock()) lock.unlock();
    fail(writer, std::current_exception());
    return nullptr;
  }
}

void CallChannel::check_payload(const detail::RegistrationNode& method, std::size_t payload_bytes) const {
  const std::size_t most = end_.geometry().payload_bytes;
  if (payload_bytes <= most) return;
  throw SerializationError(
      fmt::format("the arguments of {} have {} bytes, and {} takes at most {}; raise SpawnOptions::mailbox.payload, or send less",
                  wire::readable_name(method), payload_bytes, actor().text(), most));
}

std::byte* CallChannel::open_extent(const channel::ExtentWriter::Place& place) {
  try {
    return end_.open_extent(place);
  } catch (...) {
    const std::lock_guard lock(send_lock_);
    end_.give_back(place.extent, false);
    throw;
  }
}

// With the lock held, in and out: waits under the mailbox's policy until `attempt` has found a place.
// Errors: MailboxFull, TimeoutError, why the channel is closed.
void CallChannel::await_place(const detail::CallWriter& writer, std::unique_lock<SendLock>& lock,
                              const Function<bool()>& attempt) {
  struct RoomWaiter {
    explicit RoomWaiter(std::atomic<std::uint32_t>& count) : count_(count) { count_.fetch_add(1, std::memory_order_seq_cst); }
    ~RoomWaiter() { count_.fetch_sub(1, std::memory_order_seq_cst); }
    std::atomic<std::uint32_t>& count_;
  };
  std::optional<RoomWaiter> waiter;
  for (;;) {
    if (is_of_past_life(writer)) {  // under the lock: there may be another one behind it
      std::rethrow_exception(failure(describe_call(writer.node_, actor()), Execution::not_started));
    }
    if (gate_ == Gate::closed) {
      lock.unlock();
      throw_closed(writer);
    }
    if (when_full_ == WhenFull::fail) throw_full(writer);
    // Counted before the epoch is read and the ring looked at again: what comes free from here on moves the epoch.
    if (!waiter) waiter.emplace(room_waiters_);
    const std::uint32_t epoch = room_epoch_.load(std::memory_order_seq_cst);
    channel::DoorbellProtocol<>::ask_for_room(end_.client_bell());  // a reader that sleeps already has not asked for us
    if (attempt()) return;
    const bool is_closed = gate_ == Gate::closed;
    lock.unlock();
    if (!is_closed && !wait_for_room(epoch, as_time(writer.deadline_ns_))) {
      throw TimeoutError(fmt::format("{} of {}: the deadline passed while its mailbox was full; it was not sent",
                                     wire::readable_name(writer.node_), actor().text()),
                         Execution::not_started);
    }
    lock.lock();
  }
}

void CallChannel::throw_closed(const detail::CallWriter& writer) {
  if (fall_.load() == Fall::none) fall(Fall::protocol_error);
  std::rethrow_exception(failure(describe_call(writer.node_, actor()), Execution::not_started));
}

void CallChannel::throw_full(const detail::CallWriter& writer) const {
  throw MailboxFull(
      fmt::format("the mailbox of {} is full ({} calls, {} bytes): {} was not sent; read results first, raise "
                  "SpawnOptions::mailbox, or choose WhenFull::block",
                  actor().text(), end_.geometry().slots, end_.geometry().request_cells * wire::kCellBytes,
                  wire::readable_name(writer.node_)));
}

// The life that it is for has ended, and no other one could make anything of it.
bool CallChannel::is_of_past_life(const detail::CallWriter& writer) const {
  return gate_ == Gate::waiting && writer.cell_ != nullptr && CellAccess::is_of_one_life(*writer.cell_);
}

// While an actor has no life, the queue is its mailbox, and bounded alike; behind a queue everybody queues.
bool CallChannel::may_spill(const detail::CallWriter& writer) const {
  return when_full_ == WhenFull::spill || writer.is_queued_when_full_ ||
         ((gate_ == Gate::waiting || !spill_.empty()) && spill_.size() < end_.geometry().slots);
}

// With the lock held: a place in the channel, or in the queue.
template <class Attempt, class Queued>
bool CallChannel::find_place(const detail::CallWriter& writer, const Attempt& attempt, const Queued& queued) {
  if (gate_ == Gate::open && spill_.empty() && attempt()) return true;
  if (gate_ == Gate::closed ? !may_be_inherited(writer) : is_of_past_life(writer) || !may_spill(writer)) return false;
  spill(writer, queued());  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks): the queue has it
  return true;
}

// With the lock held; send_spilled() says whose it is. What it needs memory and handles for comes first: from there on nothing
// may fail.
void CallChannel::spill(const detail::CallWriter& writer, Spilled spilled) {
  const bool is_timed_tell = writer.cell_ == nullptr && writer.deadline_ns_ != wire::kNoDeadline;
  if (writer.lease_ != 0 || writer.is_idempotent_ || is_timed_tell) spilled.have_appendix();
  if (gate_ != Gate::closed) have_loop_watch();
  spill_.push_back(std::move(spilled));
  watch_spill();
  is_draft_spilled_ = true;
}

// The loop flushes when nobody reads.
void CallChannel::watch_spill() {
  if (!has_spill_.exchange(true, std::memory_order_seq_cst)) watched_.fetch_add(1, std::memory_order_seq_cst);
}

bool CallChannel::wait_for_room(std::uint32_t epoch, TimePoint deadline) {
  const platform::FutexTarget own{&room_epoch_, epoch, platform::FutexScope::this_process};
  const auto moved = [&] { return room_epoch_.load(std::memory_order_seq_cst) != epoch; };
  std::optional<LoopReads> loop_reads;
  if (!platform::has_futex_wait_any()) loop_reads.emplace(*this);
  while (!moved()) {
    if (!loop_reads && try_read_role()) {
      lead(
          moved, [&] { return own; }, deadline);
      leave_read_role();
    } else {
      platform::futex_wait(*own.word, own.expected, own.scope, deadline);
    }
    // Before the epoch is looked at again: leaving the reader's role has just moved it.
    if (deadline != TimePoint::max() && Clock::now() >= deadline) return false;
  }
  return true;
}

// With the lock held, which is released.
inline void CallChannel::send_drafted(const detail::CallWriter& writer) {
  if (is_draft_spilled_) return send_spilled(writer);
  publish(writer.cell_, {writer.method_}, writer.deadline_ns_);
  send_lock_.unlock();
  end_.ring_host_behind_update();
}

// With the lock held, before the draft is published: its payload ends with this lease.
void CallChannel::lease_draft(std::uint64_t number) noexcept {
  if (is_draft_spilled_) {
    spill_.back().appendix->lease = number;
  } else {
    note_sent_lease(number);
  }
}

// Before the lock is held for the sending: there nothing may fail any more.
bool CallChannel::have_sent_tables(detail::CallWriter& writer) {
  try {
    const std::lock_guard lock(send_lock_);
    if (writer.lease_ != 0 && !sent_leases_) sent_leases_ = std::make_unique<SentLease[]>(end_.geometry().slots);
    if (writer.is_idempotent_ && !sent_retries_) sent_retries_ = std::make_unique<SentRetry[]>(end_.geometry().slots);
    return true;
  } catch (const std::bad_alloc&) {
    fail(writer, std::current_exception());
    return false;
  }
}

void CallChannel::note_sent_lease(std::uint64_t number) noexcept {
  draft_->is_leased = true;
  sent_leases_[draft_->ticket.slot] = {draft_->ticket.generation, number};
}

// 0: there is none to give back.
std::uint64_t CallChannel::take_sent_lease(channel::Ticket ticket) {
  if (!sent_leases_ || sent_leases_[ticket.slot].generation != ticket.generation) return 0;
  return std::exchange(sent_leases_[ticket.slot].number, 0);
}

// Likewise.
void CallChannel::note_retry(const detail::CallWriter& writer) noexcept {
  const unsigned most = writer.options_->retries;
  Retry retry{.is_wanted = true, .left = most != 0 ? most : UINT_MAX, .has_run = false, .deaths = {}};
  if (is_draft_spilled_) {
    spill_.back().appendix->retry = std::move(retry);
  } else {
    note_sent_retry(std::move(retry));
  }
}

void CallChannel::note_sent_retry(Retry retry) noexcept {
  sent_retries_[draft_->ticket.slot] = {draft_->ticket.generation, std::move(retry)};
}

// With the send lock held: an idempotent call that is not the first of its tries.
bool CallChannel::has_run_before(channel::Ticket ticket) const {
  if (!sent_retries_ || sent_retries_[ticket.slot].generation != ticket.generation) return false;
  return sent_retries_[ticket.slot].retry.has_run;
}

void CallChannel::send_rare(detail::CallWriter& writer) {
  if (writer.extent_bytes_ != 0) return send_large(writer);
  if (writer.lease_ != 0) lease_draft(writer.lease_);
  if (writer.is_idempotent_) note_retry(writer);
  send_drafted(writer);
}

void CallChannel::send(detail::CallWriter& writer) {
  const bool is_rare = (writer.extent_bytes_ | writer.lease_ | (writer.is_idempotent_ ? 1 : 0)) != 0;
  if (writer.cell_ != nullptr) {
    is_rare ? add_reference() : take_prepaid_reference();  // the cell's
    CellAccess::bind(*writer.cell_, this, &writer.node_, writer.deadline_ns_);
  }
  if (is_rare) [[unlikely]]
    return send_rare(writer);
  send_drafted(writer);
  TROUPE_STEP_MARK("push ends");
}

// With the lock held, which is released: the last of the spill queue is this writer's.
void CallChannel::send_spilled(const detail::CallWriter& writer) {
  is_draft_spilled_ = false;
  Spilled& last = spill_.back();
  last.cell = writer.cell_;
  last.method = {writer.method_};
  if (last.appendix != nullptr) last.appendix->deadline_ns = writer.deadline_ns_;
  enter_queue(std::prev(spill_.end()));
  if (gate_ == Gate::closed) return bequeath_last(*last.cell);
  send_lock_.unlock();
  flush_spill();  // room may have come free before anybody knew of the queue
  look();
}

// The payload has been written; now for the record that names it.
void CallChannel::send_large(detail::CallWriter& writer) {
  const wire::ExtentReference extent{writer.extent_offset_, writer.extent_bytes_};
  const auto attempt = [&] { return attempt_under_lock([&] { return (draft_ = end_.draft(extent)).has_value(); }); };
  std::unique_lock lock(send_lock_);
  try {
    const auto find = [&] { return find_place(writer, attempt, [&] { return spilled_in(extent); }); };
    if (!find()) await_place(writer, lock, find);
  } catch (...) {
    if (!lock.owns_lock()) lock.lock();
    end_.give_back(extent);
    lock.unlock();
    give_back(writer.lease_);
    return fail(writer, std::current_exception());
  }
  lock.release();
  if (writer.lease_ != 0) lease_draft(writer.lease_);
  if (writer.is_idempotent_) note_retry(writer);
  if (is_draft_spilled_) return send_spilled(writer);
  publish(writer.cell_, {writer.method_}, writer.deadline_ns_);
  send_lock_.unlock();
  end_.ring_host_behind_update();
}

// With the send lock held and draft_ filled.
void CallChannel::publish(detail::ResultCell* cell, wire::MethodId method, std::int64_t deadline_ns) {
  const auto kind = cell != nullptr ? wire::RequestKind::call : wire::RequestKind::tell;
  if (cell != nullptr) {
    CellAccess::set_ticket(*cell, draft_->ticket);
    pending_[draft_->ticket.slot].store(cell, std::memory_order_release);
  }
  end_.publish(*draft_, kind, method, deadline_ns);
  draft_.reset();
}

// When room may have come free.
void CallChannel::flush_spill() {
  std::list<std::pair<Spilled, std::exception_ptr>> failed;
  bool has_sent = false;
  bool has_memory = true;
  {
    const std::lock_guard lock(send_lock_);
    while (!spill_.empty() && gate_ == Gate::open && has_memory) {
      Spilled& next = spill_.front();
      try {
        if (!attempt_under_lock([&] { return draft_spilled(next); })) break;
        if (next.lease() != 0) note_sent_lease(next.lease());
        if (next.appendix != nullptr && next.appendix->retry.is_wanted) note_sent_retry(std::move(next.appendix->retry));
        leave_queue(next);
        publish(next.cell, next.method, next.deadline_ns());
        has_sent = true;
      } catch (const std::system_error&) {  // no memory for a large one
        failed.emplace_back(std::move(next), std::current_exception());
        leave_queue(failed.back().first);
      } catch (const std::bad_alloc&) {  // it waits on
        has_memory = false;
        continue;
      }
      spill_.pop_front();
    }
    if (spill_.empty() && has_spill_.exchange(false)) unwatch();
    Fall none = Fall::none;  // judged by whoever reads next: its caller does
    if (gate_ == Gate::closed) fall_.compare_exchange_strong(none, Fall::protocol_error, std::memory_order_seq_cst);
  }
  if (has_sent) end_.ring_host_behind_update();  // the lock's release
  for (const auto& [spilled, error] : failed) fail_spilled(spilled, error);
}

void CallChannel::enter_queue(SpillQueue::iterator place) noexcept {
  if (place->cell != nullptr) CellAccess::enter_queue(*place->cell, as_queue_place(place));
}

void CallChannel::leave_queue(const Spilled& spilled) noexcept {
  if (spilled.cell != nullptr) CellAccess::leave_queue(*spilled.cell);
}

void CallChannel::give_back_extent(const Spilled& spilled) noexcept {
  if (spilled.extent().bytes != 0) end_.give_back(spilled.extent());
}

bool CallChannel::draft_spilled(Spilled& next) {
  if (next.payload.size() > end_.max_ring_request()) {
    Appendix& appendix = next.have_appendix();
    const auto place = end_.take_extent(next.payload.size());
    if (!place) return false;
    try {
      std::memcpy(end_.open_extent(*place), next.payload.data(), next.payload.size());
    } catch (...) {
      end_.give_back(place->extent, false);
      throw;
    }
    appendix.extent = place->extent;
    next.payload = {};
  }
  if (next.extent().bytes != 0) return (draft_ = end_.draft(next.extent())).has_value();
  draft_ = end_.draft(static_cast<std::uint32_t>(next.payload.size()));
  if (draft_) std::ranges::copy(next.payload.bytes(), draft_->payload);
  return draft_.has_value();
}

void CallChannel::fail_spilled(const Spilled& spilled, const std::exception_ptr& error) {
  give_back(spilled.lease());
  if (spilled.cell == nullptr) {
    return platform::complain("a one-way message to {} was dropped: no memory is left for its {} bytes", actor().text(),
                              spilled.payload.size());
  }
  spilled.cell->complete_with_error(error);
  spilled.cell->drop_reference();
}

// The loop shall read, so that what is given back is noticed when nobody waits.
void CallChannel::watch_excess() {
  watched_.fetch_add(1, std::memory_order_seq_cst);
  try {
    have_loop_watch();
  } catch (const Error&) {  // no handle is left for that: the next one who reads will do
  }
  look();
}

// When requests have been taken: what is backed past the warm limit goes back to the system. In pieces, so that senders need
// not wait long.
void CallChannel::trim_extents() {
  for (bool has_more = has_excess_.load(std::memory_order_seq_cst); has_more;) {
    const std::lock_guard lock(send_lock_);
    has_more = gate_ == Gate::open && attempt_under_lock([&] { return end_.trim_extents(); });
    if (!end_.has_excess_extents() && has_excess_.exchange(false)) unwatch();
  }
}

void CallChannel::give_back(std::uint64_t lease) noexcept {
  if (lease != 0) session_->end_own_lease(lease);
}

// What has not started never will, and gives its lease back.
void CallChannel::fail(detail::CallWriter& writer, std::exception_ptr error) {
  if (writer.cell_ == nullptr) std::rethrow_exception(error);
  writer.cell_->complete_with_error(std::move(error));
  writer.cell_->drop_reference();
}

}  // namespace troupe::client
