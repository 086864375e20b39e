// SPDX-License-Identifier: BSL-1.0
// `co_await result` inside any boost::asio::awaitable: of an lvalue a const T& (as get(), no copy), of an rvalue a T, moved out
// when it is the last handle; or what the call failed with. T need not be default-constructible. A result that is there does
// not suspend the coroutine; otherwise it goes on on its own executor, when it has come, and what else is ready there runs first.
// Cancellation as in async_wait. Errors: WouldDeadlock in a coroutine that its own actor waits for, of a call to that actor, or
// to one that waits for it (method.hpp).
#pragma once

#include <troupe/asio/wait_operation.hpp>
#include <troupe/async_result.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/version.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#if BOOST_ASIO_VERSION != 102600
#error "troupe: co_await of an AsyncResult is a specialisation of what Boost.Asio 1.26 (Boost 1.81) does inside; look at it anew"
#endif

namespace troupe::async::detail {

// The signature says what co_await gives.
template <class T>
struct LvalueSignature {
  using type = void(std::exception_ptr, const T&);
};
template <>
struct LvalueSignature<void> {
  using type = void(std::exception_ptr);
};

// Whether it gives the value itself, moved out if it can be; so callbacks have to be through with it.
template <class Signature>
inline constexpr bool gives_value = false;
template <class T>
inline constexpr bool gives_value<void(std::exception_ptr, T)> = !std::is_reference_v<T>;

template <class T>
auto& cell_of(const AsyncResult<T>& result) {
  return troupe::detail::ResultAccess::cell(result);
}

// What can be co_await'ed: by which cell, and what a cancellation does.
template <class Operation>
struct Awaited;
template <class T>
struct Awaited<AsyncResult<T>> {
  static auto& cell(const AsyncResult<T>& result) { return cell_of(result); }
  static CancelResult on_cancel(const AsyncResult<T>&) { return {}; }
};

}  // namespace troupe::async::detail

namespace boost::asio {

template <class T>
struct is_async_operation<troupe::AsyncResult<T>> : true_type {};
template <class T>
struct is_async_operation<troupe::AsyncResult<T>&> : true_type {};
template <class T>
struct is_async_operation<const troupe::AsyncResult<T>&> : true_type {};

template <class T>
struct completion_signature_of<troupe::AsyncResult<T>> : troupe::async::detail::WaitSignature<T> {};
template <class T>
struct completion_signature_of<troupe::AsyncResult<T>&> : troupe::async::detail::LvalueSignature<T> {};
template <class T>
struct completion_signature_of<const troupe::AsyncResult<T>&> : troupe::async::detail::LvalueSignature<T> {};

namespace detail {

// Asio's own awaits operations as rvalues only, needs a T to give beside an error, and always suspends.
template <class Signature, class T, class Operation, class Executor>
class TroupeWaitOp {
  using End = troupe::async::detail::WaitEnd;
  using Handler = awaitable_async_op_handler<void(End), Executor>;

 public:
  template <class Given>
  TroupeWaitOp(Given&& given, awaitable_frame_base<Executor>* frame) : operation_(std::forward<Given>(given)), frame_(frame) {}

  bool await_ready() { return kMoves ? cell().is_ready() : cell().has_outcome(); }

  void await_suspend(coroutine_handle<void>) {
    frame_->after_suspend([](void* self) { static_cast<TroupeWaitOp*>(self)->start(); }, this);
  }

  decltype(auto) await_resume() {
    if (end_ != nullptr && end_->how != End::outcome) std::rethrow_exception(troupe::async::detail::reason(*end_));
    if (const std::exception_ptr error = cell().error()) std::rethrow_exception(error);
    if constexpr (std::is_void_v<T>) {
      return;
    } else if constexpr (kMoves) {
      return troupe::async::detail::take_seen_value(cell());
    } else {
      return std::as_const(cell().value());
    }
  }

 private:
  static constexpr bool kMoves = troupe::async::detail::gives_value<Signature>;

  auto& cell() const { return troupe::async::detail::Awaited<Operation>::cell(operation_); }
  void start() {
    troupe::async::detail::start_wait(cell(), troupe::async::detail::Awaited<Operation>::on_cancel(operation_),
                                      Handler(frame_->detach_thread(), end_));
  }

  Operation operation_;
  awaitable_frame_base<Executor>* frame_;
  typename Handler::result_type end_ = nullptr;  // of a wait; it lies in the handler's frame, which is there until await_resume
};

template <class Signature, class T, class Executor>
class awaitable_async_op<Signature, troupe::AsyncResult<T>, Executor>
    : public TroupeWaitOp<Signature, T, troupe::AsyncResult<T>, Executor> {
  using TroupeWaitOp<Signature, T, troupe::AsyncResult<T>, Executor>::TroupeWaitOp;
};

}  // namespace detail
}  // namespace boost::asio
