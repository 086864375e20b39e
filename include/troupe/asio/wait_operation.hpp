// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio/wait_link.hpp>
#include <troupe/async_result.hpp>
#include <troupe/detail/actor_thread.hpp>
#include <troupe/error.hpp>

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe::async::detail {

template <class T>
struct WaitSignature {
  using type = void(std::exception_ptr, T);
};
template <>
struct WaitSignature<void> {
  using type = void(std::exception_ptr);
};

// What a cancellation of a wait does: how the wait ends by it; nothing: it goes on. A value that has come meanwhile is not lost.
struct CancelResult {  // the result is cancelled, and the wait ends, whether that has come in time or not
  std::optional<WaitEnd> operator()(ResultCell& cell) const {
    // First, since cancel() waits for the callbacks of one whose outcome is there.
    const bool has_outcome = cell.has_outcome() || cell.cancel(std::nullopt) || cell.has_outcome();
    return WaitEnd{.how = has_outcome ? WaitEnd::outcome : WaitEnd::cancelled};
  }
};
struct EndWait {  // the result knows nothing of it
  std::optional<WaitEnd> operator()(ResultCell& cell) const {
    return WaitEnd{.how = cell.has_outcome() ? WaitEnd::outcome : WaitEnd::cancelled};
  }
};
struct GoOn {
  std::optional<WaitEnd> operator()(ResultCell&) const { return std::nullopt; }
};

// Stays with a result until that has its outcome or the wait ends. Told after the release, since the waiting handler may move
// the value out: the callbacks of users have seen it by then. Where callbacks run, and not by note(): the executor may be one
// that runs at once what it is given.
class WaitCallback final : public troupe::detail::Callback {
 public:
  explicit WaitCallback(std::shared_ptr<WaitLink> link) : link_(std::move(link)) {}
  void run(ResultCell&) override { link_->complete({}); }
  bool is_waiter() const noexcept override { return true; }

 private:
  const std::shared_ptr<WaitLink> link_;
};

// The handler of a cancellation slot.
template <class OnCancel>
class WaitCancellation {
 public:
  WaitCancellation(std::shared_ptr<WaitLink> link, ResultCell& cell, OnCancel on_cancel)
      : link_(std::move(link)), cell_(cell), on_cancel_(std::move(on_cancel)) {}

  void operator()(boost::asio::cancellation_type type) const {
    using boost::asio::cancellation_type;
    if ((type & (cancellation_type::total | cancellation_type::terminal)) == cancellation_type::none) return;
    const WaitCancellation self = *this;  // what runs below may clear the slot
    if (std::optional<WaitEnd> end = self.on_cancel_(*self.cell_)) self.link_->complete(std::move(*end));
  }

 private:
  std::shared_ptr<WaitLink> link_;
  CellReference cell_;
  OnCancel on_cancel_;
};

// Leaves a callback with the result; the wait ends at once where there is no need to.
inline void leave_callback(ResultCell& cell, const std::shared_ptr<WaitLink>& link) {
  try {
    std::unique_ptr<troupe::detail::Callback> callback = std::make_unique<WaitCallback>(link);
    LeftCallback left = left_callback(cell, *callback);  // before anybody can end the wait, and let the cell go with it
    if (!cell.try_add_callback(callback)) return link->complete({});
    link->keep(std::move(left));
  } catch (...) {
    link->complete({.how = WaitEnd::failed, .why = std::current_exception()});
  }
}

// A wait for the outcome of a cell, on behalf of a handler(WaitEnd). It first takes its turn on the handler's executor, behind
// what is ready there, and looks for the outcome from there: an actor that is awake has answered by then, or does in a moment,
// and no other thread needs to wake up for that. Only then it leaves a callback with the result.
// The handler's associated executor, allocator and cancellation slot are used; its executor has work until it is called.
template <class Handler>
class WaitOperation final : public Wait {
  using Executor = typename boost::asio::associated_executor<Handler>::type;
  using Allocator = typename std::allocator_traits<
      typename boost::asio::associated_allocator<Handler>::type>::template rebind_alloc<WaitOperation>;
  using Work = std::decay_t<decltype(boost::asio::prefer(std::declval<const Executor&>(),
                                                         boost::asio::execution::outstanding_work.tracked))>;

 public:
  // Nothing but a cancellation can end it before start().
  template <class OnCancel>
  static std::shared_ptr<WaitLink> make(ResultCell& cell, Handler handler, OnCancel on_cancel) {
    Owned wait = allocated(std::move(handler));
    auto link = std::make_shared<WaitLink>(gate_of(wait->executor()), *wait);
    WaitOperation& self = *wait.release();
    auto slot = boost::asio::get_associated_cancellation_slot(self.handler_);
    if (slot.is_connected()) slot.template emplace<WaitCancellation<OnCancel>>(link, cell, std::move(on_cancel));
    return link;
  }

  // Right after make(), before the executor can have run anything of it. Blocks: never.
  static void start(ResultCell& cell, const std::shared_ptr<WaitLink>& link, const Executor& executor) {
    if (!cell.is_of_call()) return leave_callback(cell, link);
    // Not with the handler's allocator: a handler that was called, since the wait was cancelled, may have taken that along.
    boost::asio::post(executor, [cell = CellReference(cell), link] { look(*cell, link); });
  }

  void complete(WaitEnd end) override {
    Owned self(this);
    const Executor target = executor();
    auto allocator = boost::asio::get_associated_allocator(handler_);
    boost::asio::post(target, boost::asio::bind_allocator(allocator, [self = std::move(self), end = std::move(end)]() mutable {
                        call(std::move(self), end);
                      }));
  }
  void abandon() noexcept override { const Owned self(this); }
  bool is_cancelled_by(const boost::asio::cancellation_slot& slot) const noexcept override {
    const auto own = boost::asio::get_associated_cancellation_slot(handler_);
    if constexpr (std::is_same_v<std::remove_const_t<decltype(own)>, boost::asio::cancellation_slot>) {
      return own == slot;
    } else {
      return false;
    }
  }

  explicit WaitOperation(Handler&& handler)
      : handler_(std::move(handler)), work_(boost::asio::prefer(executor(), boost::asio::execution::outstanding_work.tracked)) {}
  ~WaitOperation() = default;

 private:
  struct Deallocate {
    void operator()(WaitOperation* wait) const noexcept {
      Allocator allocator(boost::asio::get_associated_allocator(wait->handler_));
      std::destroy_at(wait);
      std::allocator_traits<Allocator>::deallocate(allocator, wait, 1);
    }
  };
  using Owned = std::unique_ptr<WaitOperation, Deallocate>;

  static Owned allocated(Handler&& handler) {
    Allocator allocator(boost::asio::get_associated_allocator(handler));
    WaitOperation* place = std::allocator_traits<Allocator>::allocate(allocator, 1);
    return Owned(std::construct_at(place, std::move(handler)));
  }

  // On the executor.
  static void look(ResultCell& cell, const std::shared_ptr<WaitLink>& link) {
    try {
      if (!cell.look_briefly()) return leave_callback(cell, link);
    } catch (...) {
      return link->complete({.how = WaitEnd::failed, .why = std::current_exception()});
    }
    if (Wait* wait = link->take()) call(Owned(static_cast<WaitOperation*>(wait)), {});
  }

  // On the executor. What was allocated for the wait is given back first: the handler may want it again.
  static void call(Owned self, WaitEnd end) {
    auto slot = boost::asio::get_associated_cancellation_slot(self->handler_);
    if (slot.is_connected()) slot.clear();
    [[maybe_unused]] const Work work(std::move(self->work_));
    Handler handler(std::move(self->handler_));
    self.reset();
    std::move(handler)(std::move(end));
  }

  Executor executor() const { return boost::asio::get_associated_executor(handler_); }

  Handler handler_;
  Work work_;
};

// Before a wait, until `deadline`, for one of these, which have no outcomes, on behalf of what runs on that executor. Errors:
// WouldDeadlock where that is a coroutine that its own actor waits for, and all are calls to this actor.
template <class Executor>
void check_one_can_come(const std::vector<ResultCell*>& cells, const Executor& executor,
                        std::chrono::steady_clock::time_point deadline) {
  const void* const turn = troupe::detail::OneTurn::context();
  if (turn == nullptr) return;
  if constexpr (boost::asio::can_query<const Executor&, boost::asio::execution::context_t>::value) {
    const boost::asio::execution_context& context = boost::asio::query(executor, boost::asio::execution::context);
    if (&context == turn) ResultCell::check_one_can_come(cells, deadline);
  }
}

template <class Executor>
void check_can_come(ResultCell& cell, const Executor& executor,
                    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max()) {
  check_one_can_come({&cell}, executor, deadline);
}

// Calls `handler`(WaitEnd) on its executor when `cell` has its outcome, or the wait ends otherwise. Ownership: the caller keeps
// the cell until then. `arm` is called with the link before the wait starts, to let something else end it.
template <class Handler, class OnCancel, class Arm>
void start_wait(ResultCell& cell, OnCancel on_cancel, Handler handler, const Arm& arm) {
  const auto executor = boost::asio::get_associated_executor(handler);
  const std::shared_ptr<WaitLink> link = WaitOperation<Handler>::make(cell, std::move(handler), std::move(on_cancel));
  arm(link);
  WaitOperation<Handler>::start(cell, link, executor);
}

// The same, of one who waits for nothing else. The wait ends with WouldDeadlock where the cell cannot come before it does.
template <class Handler, class OnCancel>
void start_wait(ResultCell& cell, OnCancel on_cancel, Handler handler) {
  const auto executor = boost::asio::get_associated_executor(handler);
  const std::shared_ptr<WaitLink> link = WaitOperation<Handler>::make(cell, std::move(handler), std::move(on_cancel));
  try {
    check_can_come(cell, executor);
  } catch (const Error&) {
    return link->complete({.how = WaitEnd::failed, .why = std::current_exception()});
  }
  WaitOperation<Handler>::start(cell, link, executor);
}

// take_value() of one whose outcome is there for callbacks, if not yet for waiters. Until they have seen it, it is copied; what
// can only be moved has to wait for them. Blocks: only that, and only when a wait began after the outcome had come.
template <class T>
T take_seen_value(troupe::detail::TypedCell<T>& cell) {
  if (!cell.is_ready()) {
    if constexpr (std::is_copy_constructible_v<T>) {
      return std::as_const(cell.value());
    } else {
      cell.await(Timeout());
    }
  }
  return troupe::detail::take_value(cell);
}

// Why a wait has brought no outcome.
inline std::exception_ptr reason(const WaitEnd& end) {
  if (end.how == WaitEnd::failed) return end.why;
  return std::make_exception_ptr(
      CancelledError("the wait for the result was cancelled; a call that has been sent runs on, and was asked to stop"));
}

}  // namespace troupe::async::detail
