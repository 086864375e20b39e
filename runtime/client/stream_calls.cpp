// SPDX-License-Identifier: BSL-1.0
#include <troupe/detail/stream_calls.hpp>
#include <troupe/error.hpp>
#include <troupe/proxy.hpp>

#include <algorithm>
#include <atomic>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

#include "client/call_channel.hpp"
#include "client/link.hpp"
#include "platform/fork_mark.hpp"

namespace troupe::detail {
namespace {

constexpr std::size_t kMostBytesAhead = 1 << 20;

// An actor knows its callers apart, so that this is enough.
std::uint64_t new_number() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

unsigned window_of(const CallOptions* options) {
  if (options == nullptr) return CallOptions().window;
  if (options->idempotent) {
    throw std::invalid_argument(
        "CallOptions::idempotent is not for streams: what has been received of one cannot be taken back; open another one when "
        "an "
        "actor has died");
  }
  return options->window;
}

}  // namespace

StreamCalls::StreamCalls(LinkHandle link, const RegistrationNode& next, const CallOptions* options, MakeCell make_cell)
    : link_(std::move(link)),
      next_(next),
      make_cell_(make_cell),
      number_(new_number()),
      window_(window_of(options)),
      ahead_(std::min<std::size_t>(kFirst, window_)) {
  (void)checked(link_);
  asked_.push_back(nullptr);  // so that begin() cannot fail
  asked_.pop_back();
}

void StreamCalls::begin(ResultCell* opening) {
  is_sent_ = opening->is_of_call();
  if (!is_sent_) {  // there is no stream to be asked: that is what who asks first is told
    is_at_opening_ = true;
    return asked_.push_back(opening);
  }
  deadline_ = client::CallChannel::deadline_of(*opening);
  opening_ = opening;
  have_asked();
}

// Null unless it has failed: then that is the stream's only outcome, and its handle the caller's.
ResultCell* StreamCalls::take_failed_opening() {
  if (opening_ == nullptr || !opening_->has_outcome()) return nullptr;
  ResultCell* const opening = std::exchange(opening_, nullptr);
  is_at_opening_ = opening->error() != nullptr;
  if (is_at_opening_) return opening;
  opening->drop_handle();
  return nullptr;
}

ResultCell* StreamCalls::take() {
  if (ResultCell* const failed = take_failed_opening()) return failed;
  if (asked_.empty()) ask();
  ResultCell* const taken = pop();
  if (is_sent_) have_asked();
  return taken;
}

ResultCell* StreamCalls::await_and_take(Timeout timeout) {
  const TimePoint limit = timeout.after(std::chrono::steady_clock::now());
  if (opening_ != nullptr) await(*opening_, limit);
  if (ResultCell* const failed = take_failed_opening()) return failed;
  if (asked_.empty()) ask();
  await(*asked_.front(), limit);
  return pop();
}

void StreamCalls::await(ResultCell& cell, TimePoint limit) {
  const Timeout rest = limit == TimePoint::max() ? Timeout() : Timeout(limit - std::chrono::steady_clock::now());
  if (!cell.await(rest)) throw TimeoutError("troupe::Stream::next: no value came within the time-out; the stream goes on");
}

ResultCell* StreamCalls::pop() {
  ResultCell* const first = asked_.front();
  asked_.pop_front();
  return first;
}

void StreamCalls::note_value(std::size_t bytes) noexcept {
  const std::size_t fitting = std::max(kMostBytesAhead / std::max<std::size_t>(bytes, 1), kFirst);
  const std::size_t most = std::min<std::size_t>(fitting, window_);
  ahead_ = std::min(ahead_ + 1, most);
  try {
    have_asked();
  } catch (const std::bad_alloc&) {  // who wants the next value asks for it
  }
}

void StreamCalls::note_error(ResultCell& taken) noexcept {
  const auto is_about_room = [&] {
    try {
      std::rethrow_exception(taken.error());
    } catch (const MailboxFull&) {
      return true;
    } catch (...) {
      return false;
    }
  };
  if (is_at_opening_ || taken.is_of_call() || !is_about_room()) end();
}

void StreamCalls::have_asked() {
  while (asked_.size() < ahead_ && ask()) continue;
}

// False: it could not be sent. Then it is not among them, but for a single one, whose taker learns why.
bool StreamCalls::ask() {
  asked_.push_back(nullptr);
  try {
    asked_.back() = make_cell_();
  } catch (...) {
    asked_.pop_back();
    throw;
  }
  ResultCell& cell = *asked_.back();
  if (opening_ == nullptr || opening_->has_outcome()) cell.set_of_one_life();  // else the next life may be what opens it
  const CallOptions call = options();
  send_envelope(link(), next_, &call, &cell, number_);
  if (cell.is_of_call()) return true;
  if (asked_.size() == 1) return false;
  asked_.pop_back();
  cell.drop_handle();
  return false;
}

// What is left of the stream's time.
CallOptions StreamCalls::options() const {
  if (deadline_ == TimePoint::max()) return {.deadline = Timeout()};
  return {.deadline = Timeout(deadline_ - std::chrono::steady_clock::now())};
}

void StreamCalls::end() noexcept {
  if (std::exchange(has_ended_, true)) return;
  const bool is_own = !platform::is_forked_child();
  if (is_own) cancel_asked();
  for (ResultCell* each : asked_) each->drop_handle();
  asked_.clear();
  if (opening_ != nullptr) std::exchange(opening_, nullptr)->drop_handle();
  if (is_own && is_sent_) let_go();
}

// The last ones first, so that no more than one has been begun with.
void StreamCalls::cancel_asked() noexcept {
  const auto cancel = [](ResultCell* cell) {
    try {
      cell->cancel(std::nullopt);
    } catch (const std::exception&) {  // it runs, and nobody looks at its result
    }
  };
  std::for_each(asked_.rbegin(), asked_.rend(), cancel);
  if (opening_ != nullptr) cancel(opening_);
}

// If that fails the actor has ended, or this process's memory has: then it keeps the stream until the channel is closed.
void StreamCalls::let_go() noexcept try {
  const CallOptions message{.deadline = Timeout()};
  CallWriter writer(link(), next_, &message, nullptr);
  writer.queue_when_full();
  if (std::byte* place = writer.reserve(encoded_size(number_))) {
    encode_plain(place, number_);
    writer.send();
  }
} catch (const std::exception&) {
}

}  // namespace troupe::detail
