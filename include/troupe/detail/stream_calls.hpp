// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/link.hpp>
#include <troupe/detail/result_cell.hpp>
#include <troupe/options.hpp>
#include <troupe/timeout.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace troupe::detail {

// The caller's half of a stream, but for the type of its values: the calls that ask for values, in order; each is answered with
// one, or with the end. As many as its caller may be behind are on their way.
// Thread-safety: one thread at a time. Ownership: keeps the actor, as a proxy does.
class StreamCalls {
 public:
  // Makes the cell of one call, with a handle, and a reference for the call.
  using MakeCell = ResultCell* (*)();

  // `next`: what asks for the next value. Errors: std::invalid_argument for options that no stream has; std::logic_error.
  StreamCalls(LinkHandle link, const RegistrationNode& next, const CallOptions* options, MakeCell make_cell);
  StreamCalls(const StreamCalls&) = delete;
  StreamCalls& operator=(const StreamCalls&) = delete;
  ~StreamCalls() { end(); }

  client::Link& link() const { return *link_.get(); }
  std::uint64_t number() const { return number_; }

  // Once: the call that opens the stream has been sent; takes over its handle. It is nobody else's to cancel.
  void begin(ResultCell* opening);
  // The call for the next value, with its handle; never null. It may not have its outcome yet. One more is asked for.
  // Blocks: while the mailbox is full, if its policy says so; as all that ask.
  ResultCell* take();
  // The same, when it has its outcome, which has to be noted. Blocks: until then. Errors: TimeoutError when `timeout` passes
  // first: nothing is taken.
  ResultCell* await_and_take(Timeout timeout);
  // It is a value, which took so many bytes: one more, or two, are asked for.
  void note_value(std::size_t bytes) noexcept;
  // It is an error: the end, unless the value could not be asked for just now.
  void note_error(ResultCell& taken) noexcept;
  // No more values are wanted: none is made any more, the actor lets go of the stream.
  void end() noexcept;
  bool has_ended() const { return has_ended_; }

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  ResultCell* take_failed_opening();
  static void await(ResultCell& cell, TimePoint limit);
  ResultCell* pop();
  void have_asked();
  bool ask();
  CallOptions options() const;
  void cancel_asked() noexcept;
  void let_go() noexcept;

  const LinkHandle link_;
  const RegistrationNode& next_;
  const MakeCell make_cell_;
  const std::uint64_t number_;
  const unsigned window_;
  TimePoint deadline_ = TimePoint::max();
  std::deque<ResultCell*> asked_;  // handles
  std::size_t ahead_;              // so many calls may be on their way
  ResultCell* opening_ = nullptr;  // a handle, until it has been seen to have its outcome
  bool is_at_opening_ = false;     // what is taken next, or has been taken last, is the opening, which has failed
  bool is_sent_ = false;           // the opening
  bool has_ended_ = false;

  static constexpr std::size_t kFirst = 2;
};

}  // namespace troupe::detail
