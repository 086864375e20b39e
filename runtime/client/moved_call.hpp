// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/result_cell.hpp>
#include <troupe/timeout.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>

#include "client/call_channel.hpp"
#include "client/queued_payload.hpp"
#include "client/spilled.hpp"

namespace troupe::client {

class Link;

// A call that its actor had not begun when it ended for good, on its way to another one. The caller's result stays where it is,
// with the channel that has ended; to the other actor a second result is sent out, which gives its outcome to the first. That
// may be moved in its turn. Whom it goes to is left to the heir.
// Thread-safety: full, once it has all. Ownership: shared by the heir, until it is sent, and then the second result. Destroyed
// without an outcome it gives the caller the first actor's death.
class MovedCall : public std::enable_shared_from_this<MovedCall> {
 public:
  // `cell`: the caller's result, of the channel `from`, which it keeps.
  MovedCall(CallChannel& from, detail::ResultCell& cell) noexcept : from_(from), cell_(cell) {}
  virtual ~MovedCall();
  MovedCall(const MovedCall&) = delete;
  MovedCall& operator=(const MovedCall&) = delete;

  // By the channel: what it is sent with, and the reference on the cell that the channel had; then it is the cell's to say that
  // it is moved. Before that it is nothing.
  void take(QueuedPayload payload) noexcept {
    payload_ = std::move(payload);
    has_cell_ = true;
  }
  void set_retry(Retry retry) noexcept { retry_ = std::move(retry); }

  // That it is routed by.
  std::optional<std::uint64_t> key() const;
  // Whether nobody waits for it any more: cancelled, or its time is up.
  bool is_over() const;
  // To be called once. Never blocks: where the mailbox is full, it is queued.
  void send_to(Link& link);
  void fail(std::exception_ptr error) noexcept;

  // For the channel that it comes from. Virtual, so that a program without pools need not link them. See ResultCell.
  virtual bool cancel(std::optional<Timeout> force);
  virtual bool recall();
  virtual bool is_running();
  // The caller's time is up. (The second result has the same deadline, and the loop keeps it.)
  virtual void expire();

 private:
  class Second;

  template <class Question>
  std::optional<bool> ask_second(const Question& question);
  bool take_unsent();
  bool cancel_unsent();
  void pass_on(Second& second) noexcept;
  void drop_second() noexcept;
  CallOptions options() const;

  CallChannel& from_;  // the caller's result keeps it
  detail::ResultCell& cell_;
  QueuedPayload payload_{};
  Retry retry_{};
  bool has_cell_ = false;  // a reference on it
  std::mutex mutex_;
  bool is_taken_ = false;     // guarded by mutex_: it has been sent, or has an outcome
  Second* second_ = nullptr;  // guarded by mutex_: a handle
};

}  // namespace troupe::client
