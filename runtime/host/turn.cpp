// SPDX-License-Identifier: BSL-1.0
#include "host/turn.hpp"

#include <cxxabi.h>
#include <troupe/detail/growing_buffer.hpp>
#include <troupe/detail/lease.hpp>
#include <troupe/detail/module_table.hpp>
#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/serving.hpp"
#include "host/limits.hpp"
#include "host/thrown.hpp"
#include "platform/coarse_clock.hpp"
#include "platform/complaint.hpp"
#include "platform/step_mark.hpp"
#include "wire/registry.hpp"

namespace troupe::host {

using wire::ReplyKind;

bool Turn::take() {
  const channel::Claim claim = channel_.end.start(request_);
  const Owed owed = std::exchange(channel_.owed, Owed::nothing);
  if (owed != Owed::nothing) channel_.end.ring_client_behind_start(owed == Owed::reply);  // before the method takes its time
  switch (claim) {
    case channel::Claim::won:
      serve();
      return true;
    case channel::Claim::cancelled:
      answer(ReplyKind::skipped, false);
      return true;
    case channel::Claim::fenced:
      return false;
    case channel::Claim::broken:
      break;
  }
  throw ProtocolError(fmt::format("the word of slot {} says what no client writes", request_.ticket.slot));
}

bool Turn::is_expired() const {
  return request_.deadline_ns != wire::kNoDeadline &&
         std::chrono::steady_clock::now().time_since_epoch().count() >= request_.deadline_ns;
}

void Turn::serve() {
  if (is_expired()) return answer_expired();
  const Method* method = channel_.methods.find(request_.method, host_.actor.type());
  if (method == nullptr) return serve_by_name();
  begin(*method);
}

// Of an actor of a module: the rest of what has no method here is refused.
void Turn::serve_by_name() {
  const detail::MethodThunk call_by_name = host_.actor.call_by_name();
  if (request_.method.value != wire::kCallByName.value || call_by_name == nullptr) return refuse();
  channel_.methods.note_other();
  begin({wire::kCallByName, wire::kCallByName.value, call_by_name, &detail::by_name_node()});
}

void Turn::begin(const Method& method) {
  status_.running_since.store(platform::coarse_now().count(), std::memory_order_relaxed);
  status_.running_method.store(method.own_number + 1, std::memory_order_relaxed);
  run(method);
}

// With how many more this client has sent: it explains the wait.
void Turn::answer_expired() {
  if (!is_call()) return answer(ReplyKind::expired, false);
  const auto& end = channel_.end;
  const std::uint64_t behind = end.published_by_client() - std::min(end.published_by_client(), end.taken() + 1);
  const auto depth = static_cast<std::uint32_t>(std::min<std::uint64_t>(behind, end.geometry().slots));
  answer_bytes(ReplyKind::expired, std::as_bytes(std::span(&depth, 1)), false);
}

void Turn::refuse() {
  if (!is_call()) platform::complain("a one-way message for a method that this actor does not have was dropped");
  answer(ReplyKind::no_method, false);
}

// The status words change before the reply goes out: who has it finds the call counted.
void Turn::run(const Method& method) {
  TROUPE_STEP_MARK("pop ends");
  running_ = this;
  method_ = method.node;
  const std::exception_ptr thrown = request_.deadline_ns == wire::kNoDeadline ? call(method) : call_until_deadline(method);
  running_ = nullptr;
  end_if_forked();
  if (is_open_) return leave_open();
  if (host_.checkpoints != nullptr && has_entered_) host_.checkpoints->call_done();
  if (thrown && is_channel_broken_) std::rethrow_exception(thrown);
  if (thrown) return fail(*method.node, thrown);
  answer(ReplyKind::value, true);
}

// The next one may run: this one is not answered, and its place is free all the same. Of a one-way message that is all: when its
// place is free, its client uses its slot again.
void Turn::leave_open() {
  note_end(true);
  if (!is_call()) channel_.end.rearm(request_.ticket);
  channel_.end.finish(request_);
  channel_.owed = std::max(channel_.owed, Owed::room);
}

void Turn::answer_later(const detail::RegistrationNode& method, detail::ResultCell& cell, SendLater send) {
  is_past_turn_ = has_entered_ = true;
  has_token_ = is_call() && host_.stops != nullptr;
  std::exception_ptr thrown;
  try {
    send(cell, *this);
  } catch (...) {
    thrown = std::current_exception();
  }
  if (host_.checkpoints != nullptr) host_.checkpoints->call_done();
  if (thrown && is_channel_broken_) std::rethrow_exception(thrown);
  thrown ? fail(method, thrown) : answer(ReplyKind::value, true);
}

// Who cancels the call cancels what it waits for.
bool Turn::await(detail::ResultCell& cell, SendLater send) {
  if (cell.is_ready()) return true;
  const std::stop_token token = is_call() ? stop_token() : std::stop_token();  // what nobody waits for nobody cancels
  if (host_.deferrals != nullptr && host_.actor.is_reentrant()) {
    host_.deferrals->add({channel_, request_, *method_, cell, send, token});
    is_open_ = true;
    return false;
  }
  const CancelOnStop cancel(token, cell);
  cell.await(Timeout());
  return true;
}

std::exception_ptr Turn::call_until_deadline(const Method& method) {
  serving.deadline_ns = request_.deadline_ns;
  std::exception_ptr thrown = call(method);
  serving.deadline_ns = wire::kNoDeadline;
  return thrown;
}

std::stop_token Turn::stop_token() {
  if (host_.stops == nullptr) return {};
  has_token_ = true;
  return host_.stops->token_of(channel_.number, request_.ticket);
}

// What nobody waits for nobody cancels.
detail::OpenCall Turn::open_call() {
  if (host_.thread == nullptr) throw std::logic_error("this host has no thread in which a call could go on by parts");
  return {*host_.thread, *method_, request_.deadline_ns, is_call() ? stop_token() : std::stop_token()};
}

// The only catch around methods; the one around constructors is in construct().
std::exception_ptr Turn::call(const Method& method) {
  try {
    method.thunk(host_.actor.object(), *this);
    return nullptr;
  } catch (abi::__forced_unwind&) {
    throw;  // this thread is being cancelled
  } catch (...) {
    return std::current_exception();
  }
}

std::byte* Turn::reply(std::size_t payload_bytes) {
  has_returned_ = true;
  end_if_forked();  // the memory is shared with the parent
  try {
    return channel_.end.draft_reply(payload_bytes);
  } catch (const ProtocolError&) {
    is_channel_broken_ = true;  // not the method's fault
    throw;
  }
}

// The lease is with the manager before the client can read the reply. A reply that is not sent after all gives it back here, or
// ends the channel, and with it all its leases.
void Turn::reply_with(const detail::GrowingBuffer& result) {
  const auto bytes = result.bytes();
  detail::Lease lease;
  if (result.carried() != nullptr) lease.take(detail::Lease::of_reply(*result.carried(), channel_.number));
  std::byte* place = reply(bytes.size() + (lease ? wire::kLeaseBytes : 0));
  if (!bytes.empty()) std::memcpy(place, bytes.data(), bytes.size());
  if (!lease) return;
  const std::uint64_t number = lease.number();
  std::memcpy(place + bytes.size(), &number, wire::kLeaseBytes);
  channel_.end.lease_draft();
  lease.hand_over();
}

void Turn::fail(const detail::RegistrationNode& method, const std::exception_ptr& thrown) {
  channel_.end.discard_draft();
  if (is_call()) {
    fail_call(thrown);
  } else {
    complain_of(method, thrown);
    answer(ReplyKind::value, has_entered_);
  }
  if (!has_entered_) count_refused(status_);
}

void Turn::count_refused(platform::LifeStatus& status) {
  status.running_method.store(0, std::memory_order_relaxed);
  auto& refused = status.calls_refused;
  refused.store(refused.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

// Nobody waits for a one-way message. It harms nobody either if there is no memory to speak of it.
void Turn::complain_of(const detail::RegistrationNode& method, const std::exception_ptr& thrown) const {
  const char* what = has_entered_ ? "threw" : "did not run, its arguments cannot be decoded:";
  try {
    platform::complain("{} (a one-way message) {} {}", wire::readable_name(method), what, describe(thrown));
  } catch (const std::bad_alloc&) {
    platform::write_to_stderr("troupe: a one-way message failed, and there is no memory to say more\n");
  }
}

void Turn::fail_call(const std::exception_ptr& thrown) {
  if (!has_entered_)
    return is_unknown_stream(thrown) ? answer(ReplyKind::no_stream, false)
                                     : answer_text(ReplyKind::undecodable, describe(thrown), false);
  if (has_returned_) return answer_text(ReplyKind::unencodable, describe(thrown), true);
  if (has_stopped_as_asked(thrown)) return answer(ReplyKind::cancelled, true);
  const auto bytes = encode_within(thrown, channel_.end.geometry().payload_bytes);
  if (!bytes.empty()) return answer_bytes(ReplyKind::exception, bytes, true);
  if (const auto ready = ready_bad_alloc(); !ready.empty() && is_want_of_memory(thrown))
    return answer_bytes(ReplyKind::exception, ready, true);
  answer_text(ReplyKind::unencodable, "the method threw an exception that cannot be sent", true);
}

bool Turn::has_stopped_as_asked(const std::exception_ptr& thrown) const {
  if (host_.stops == nullptr || !is_cancellation(thrown)) return false;
  return host_.stops->was_asked(channel_.number, request_.ticket);
}

void Turn::answer_text(ReplyKind kind, std::string_view text, bool has_run) {
  answer_bytes(kind, std::as_bytes(std::span(text.substr(0, channel_.end.geometry().max_ring_reply()))), has_run);
}

void Turn::answer_bytes(ReplyKind kind, std::span<const std::byte> bytes, bool has_run) {
  std::byte* place = channel_.end.draft_reply(bytes.size());
  if (!bytes.empty()) std::memcpy(place, bytes.data(), bytes.size());
  answer(kind, has_run);
}

// The reply first: the client may be watching for it. Who finds a method running and no more calls handled than before has found
// one and the same turn: so the count comes after the method's end.
void Turn::answer(ReplyKind kind, bool has_run) {
  if (has_token_) [[unlikely]]
    host_.stops->is_over(channel_.number, request_.ticket);
  if (!is_past_turn_) [[likely]]
    note_end(has_run);
  auto& end = channel_.end;
  if (is_call()) {
    end.publish_reply(request_.ticket, kind, has_run);
  } else if (!is_past_turn_) {
    end.rearm(request_.ticket);
  }
  if (!is_past_turn_) [[likely]]
    end.finish(request_);
  channel_.owed = is_call() ? Owed::reply : std::max(channel_.owed, Owed::room);
}

}  // namespace troupe::host
