// SPDX-License-Identifier: BSL-1.0
// What a channel leaves that has ended for good: calls that its actor had not begun, and that another one may do as well.
#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

#include "client/call_channel.hpp"
#include "client/cell_status.hpp"
#include "client/heir.hpp"
#include "client/moved_call.hpp"

namespace troupe::client {

using detail::ResultCell;

// Of this, which notes the heir and then looks at the gate, and whoever closes that and then looks for an heir, one sees the
// other; both may.
bool CallChannel::set_heir(std::shared_ptr<Heir> heir) {
  const std::lock_guard lock(send_lock_);
  heir_ = std::move(heir);
  return gate_ != Gate::closed;
}

std::shared_ptr<Heir> CallChannel::heir() const {
  const std::lock_guard lock(send_lock_);
  return heir_;
}

// The host has not come to it in time: no answer, though it is a reply.
void CallChannel::note_expired_there(const ResultCell& cell) {
  note_late();
  std::shared_ptr<Heir> told;
  {
    const std::lock_guard lock(send_lock_);
    if (!CellAccess::is_cancelled(cell)) told = heir_;
  }
  if (told != nullptr) told->note_expiry();
}

// Only what a death has left: a host that lives on may yet begin with it, and a runtime that has ended has no other actor.
bool CallChannel::leaves_calls() const {
  const Fall why = fall_.load();
  return heir_ != nullptr && (why == Fall::host_died || why == Fall::not_reopened);
}

// With the send lock held, and the gate closed. A lease is on the actor that was to have it.
bool CallChannel::may_be_inherited(const detail::CallWriter& writer) const {
  return leaves_calls() && writer.cell_ != nullptr && writer.lease_ == 0 && CellAccess::is_movable(*writer.cell_);
}

bool CallChannel::is_movable(const Spilled& request) {
  return request.cell != nullptr && CellAccess::is_movable(*request.cell) && !request.is_taken() && request.lease() == 0 &&
         !request.has_run();
}

// With the send lock held. Takes it out of the queue, in its order. What there is no memory for stays.
CallChannel::Legacy CallChannel::take_legacy() noexcept {
  Legacy legacy;
  if (gate_ != Gate::closed || !leaves_calls()) return legacy;
  try {
    legacy.reserve(static_cast<std::size_t>(std::ranges::count_if(spill_, is_movable)));
    for (auto next = spill_.begin(); next != spill_.end();) {
      const auto each = next++;
      if (!is_movable(*each)) continue;
      legacy.push_back(move_away(*each));
      give_back_extent(*each);
      spill_.erase(each);
    }
  } catch (const std::exception&) {  // no memory, or no address space to see a payload in
  }
  if (spill_.empty() && has_spill_.exchange(false)) unwatch();
  return legacy;
}

// Its reference on the cell goes along. Errors: std::bad_alloc, std::system_error; then nothing has happened.
std::shared_ptr<MovedCall> CallChannel::move_away(Spilled& request) {
  auto call = heir_->new_call(*this, *request.cell);
  if (const wire::ExtentReference extent = request.extent(); extent.bytes != 0) {
    QueuedPayload payload(extent.bytes);
    std::copy_n(end_.open_extent({extent, UINT64_MAX}), extent.bytes, payload.data());  // it is backed
    request.payload = std::move(payload);
  }
  if (request.appendix != nullptr) call->set_retry(std::move(request.appendix->retry));
  call->take(std::move(request.payload));
  CellAccess::leave_queue(*request.cell);
  CellAccess::set_moved(*request.cell, call.get());
  return call;
}

void CallChannel::bequeath(Legacy legacy) noexcept {
  const auto taker = heir();
  if (taker == nullptr) return;
  if (is_judged_) taker->note_end(is_ended_);
  for (auto& call : legacy) taker->inherit(std::move(call));
}

// With the send lock held, which is released: a call that has just come to the end of the queue, and all before it.
void CallChannel::bequeath_last(ResultCell& own) {
  Legacy legacy = take_legacy();
  SpillQueue failed;
  if (CellAccess::is_queued(own)) {
    CellAccess::leave_queue(own);
    failed.splice(failed.end(), spill_, std::prev(spill_.end()));
    if (spill_.empty() && has_spill_.exchange(false)) unwatch();
  }
  send_lock_.unlock();
  complete_failed(failed);
  bequeath(std::move(legacy));
}

// With the send lock held. Null: it is not, or whatever took it away is about to end.
std::shared_ptr<MovedCall> CallChannel::moved_or_null(const ResultCell& cell) {
  MovedCall* const moved = CellAccess::moved_or_null(cell);
  return moved != nullptr ? moved->weak_from_this().lock() : nullptr;
}

void CallChannel::end_move(ResultCell& cell) noexcept {
  const std::lock_guard lock(send_lock_);
  CellAccess::end_move(cell);
}

std::exception_ptr CallChannel::error_of_unstarted(const ResultCell& cell) const {
  return failure(describe_call(cell), Execution::not_started);
}

}  // namespace troupe::client
