// SPDX-License-Identifier: BSL-1.0
#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "client/call_channel.hpp"
#include "client/call_channel_lead.hpp"
#include "client/cell_status.hpp"
#include "platform/step_mark.hpp"
#include "wire/registry.hpp"

namespace troupe::client {

using Clock = std::chrono::steady_clock;

namespace {

std::int64_t deadline_from_now(Timeout span) {
  if (span.is_forever()) return wire::kNoDeadline;
  return span.after(Clock::now()).time_since_epoch().count();
}

CallChannel::TimePoint as_time(std::int64_t deadline_ns) { return CallChannel::TimePoint(std::chrono::nanoseconds(deadline_ns)); }

wire::MethodId method_id(const detail::RegistrationNode& node) {
  const std::uint32_t number = node.number.load(std::memory_order_relaxed);
  return number != detail::RegistrationNode::kUnnumbered ? wire::MethodId{number} : wire::number_of(node);
}

}  // namespace

std::byte* CallChannel::reserve(detail::CallWriter& writer, std::size_t payload_bytes) {
  TROUPE_STEP_MARK("push");
  const std::size_t most = end_.geometry().max_request_payload();
  if (payload_bytes > most) {
    fail(writer,
         std::make_exception_ptr(SerializationError(fmt::format(
             "the arguments of {} have {} bytes, and {} takes at most {}; raise SpawnOptions::mailbox.bytes, or send less",
             wire::readable_name(writer.node_), payload_bytes, actor_.text(), most))));
    return nullptr;
  }
  const auto bytes = static_cast<std::uint32_t>(payload_bytes);
  const auto& own = writer.options_ != nullptr ? writer.options_->deadline : std::nullopt;
  writer.deadline_ns_ = deadline_from_now(own.value_or(deadline_));
  try {
    writer.method_ = method_id(writer.node_).value;  // here, where it may fail
  } catch (const IncompatibleInterface&) {
    fail(writer, std::current_exception());
    return nullptr;
  }
  std::unique_lock lock(send_lock_);
  if (!is_closed_ && spill_.empty() && try_draft(bytes)) {
    lock.release();  // send() unlocks
    return draft_->payload;
  }
  return reserve_full(writer, bytes, lock);
}

// A host that lies about its progress ends the channel.
bool CallChannel::try_draft(std::uint32_t payload_bytes) {
  try {
    draft_ = end_.draft(payload_bytes);
  } catch (const ProtocolError& error) {
    is_closed_ = true;
    note_protocol_error(error.what());
  }
  return draft_.has_value();
}

std::byte* CallChannel::reserve_full(detail::CallWriter& writer, std::uint32_t payload_bytes, std::unique_lock<SendLock>& lock) {
  struct RoomWaiter {
    explicit RoomWaiter(std::atomic<std::uint32_t>& count) : count_(count) { count_.fetch_add(1, std::memory_order_seq_cst); }
    ~RoomWaiter() { count_.fetch_sub(1, std::memory_order_seq_cst); }
    std::atomic<std::uint32_t>& count_;
  };
  std::optional<RoomWaiter> waiter;
  for (;;) {
    if (is_closed_) {
      lock.unlock();
      if (fall_.load() == Fall::none) fall(Fall::protocol_error);
      fail(writer, failure(describe_call(writer.node_, actor_), Execution::not_started));
      return nullptr;
    }
    if (when_full_ == WhenFull::spill) return reserve_spill(payload_bytes, lock);
    if (when_full_ == WhenFull::fail) {
      lock.unlock();
      fail(writer, std::make_exception_ptr(MailboxFull(fmt::format("the mailbox of {} is full ({} calls, {} bytes): {} was not "
                                                                   "sent; read results first, raise SpawnOptions::mailbox, or "
                                                                   "choose WhenFull::block",
                                                                   actor_.text(), end_.geometry().slots,
                                                                   end_.geometry().request_cells * wire::kCellBytes,
                                                                   wire::readable_name(writer.node_)))));
      return nullptr;
    }
    // Counted before the epoch is read and the ring looked at again: what comes free from here on moves the epoch.
    if (!waiter) waiter.emplace(room_waiters_);
    const std::uint32_t epoch = room_epoch_.load(std::memory_order_seq_cst);
    channel::DoorbellProtocol<>::ask_for_room(end_.client_bell());  // a reader that sleeps already has not asked for us
    if (try_draft(payload_bytes)) {
      lock.release();
      return draft_->payload;
    }
    const bool is_closed = is_closed_;
    lock.unlock();
    if (!is_closed && !wait_for_room(epoch, as_time(writer.deadline_ns_))) {
      fail(writer, std::make_exception_ptr(
                       TimeoutError(fmt::format("{} of {}: the deadline passed while its mailbox was full; it was not sent",
                                                wire::readable_name(writer.node_), actor_.text()),
                                    Execution::not_started)));
      return nullptr;
    }
    lock.lock();
  }
}

std::byte* CallChannel::reserve_spill(std::uint32_t payload_bytes, std::unique_lock<SendLock>& lock) {
  spill_.push_back({nullptr, {}, wire::kNoDeadline, std::vector<std::byte>(std::max<std::size_t>(payload_bytes, 1))});
  if (spill_.size() == 1) {
    watched_.fetch_add(1, std::memory_order_seq_cst);  // the loop flushes when nobody reads
    has_spill_.store(true, std::memory_order_seq_cst);
  }
  spill_.back().bytes.resize(payload_bytes);
  is_draft_spilled_ = true;
  lock.release();
  return spill_.back().bytes.data();
}

bool CallChannel::wait_for_room(std::uint32_t epoch, TimePoint deadline) {
  const platform::FutexTarget own{&room_epoch_, epoch, platform::FutexScope::this_process};
  const auto moved = [&] { return room_epoch_.load(std::memory_order_seq_cst) != epoch || has_fallen(); };
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

void CallChannel::send(detail::CallWriter& writer) {
  if (writer.cell_ != nullptr) {
    add_reference();  // the cell's
    CellAccess::bind(*writer.cell_, this, &writer.node_, writer.deadline_ns_);
  }
  if (is_draft_spilled_) {
    is_draft_spilled_ = false;
    Spilled& last = spill_.back();
    last.cell = writer.cell_;
    last.method = {writer.method_};
    last.deadline_ns = writer.deadline_ns_;
    send_lock_.unlock();
    session_watch();
    flush_spill();  // room may have come free before anybody knew of the queue
    look();
    return;
  }
  publish(writer.cell_, {writer.method_}, writer.deadline_ns_);
  send_lock_.unlock();
  end_.ring_host_behind_update();
  TROUPE_STEP_MARK("push ends");
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
  bool has_sent = false;
  {
    const std::lock_guard lock(send_lock_);
    while (!spill_.empty() && !is_closed_) {
      Spilled& next = spill_.front();
      if (!try_draft(static_cast<std::uint32_t>(next.bytes.size()))) break;
      std::copy(next.bytes.begin(), next.bytes.end(), draft_->payload);
      publish(next.cell, next.method, next.deadline_ns);
      spill_.pop_front();
      has_sent = true;
    }
    if (spill_.empty() && has_spill_.exchange(false)) unwatch();
    Fall none = Fall::none;  // judged by whoever reads next: its caller does
    if (is_closed_) fall_.compare_exchange_strong(none, Fall::protocol_error, std::memory_order_seq_cst);
  }
  if (has_sent) end_.ring_host_behind_update();  // the lock's release
}

Execution CallChannel::withdraw(detail::ResultCell& cell, wire::SlotState outcome) {
  const std::lock_guard lock(send_lock_);
  if (CellAccess::is_sent(cell)) return end_.withdraw(CellAccess::ticket(cell), outcome);
  const auto spilled = std::find_if(spill_.begin(), spill_.end(), [&](const Spilled& each) { return each.cell == &cell; });
  if (spilled != spill_.end()) {
    spill_.erase(spilled);
    if (spill_.empty() && has_spill_.exchange(false)) unwatch();
    cell.drop_reference();
  }
  return Execution::not_started;
}

void CallChannel::fail(detail::CallWriter& writer, std::exception_ptr error) {
  if (writer.cell_ == nullptr) std::rethrow_exception(error);
  writer.cell_->complete_with_error(std::move(error));
  writer.cell_->drop_reference();
}

}  // namespace troupe::client
