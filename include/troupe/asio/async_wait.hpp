// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio/wait_operation.hpp>
#include <troupe/async_result.hpp>

#include <boost/asio/associator.hpp>
#include <boost/asio/async_result.hpp>

#include <exception>
#include <type_traits>
#include <utility>

namespace troupe::async::detail {

using troupe::detail::ResultAccess;

// Turns the end of a wait into the result's outcome, for the handler of a completion token.
template <class Handler, class T>
class OutcomeHandler {
 public:
  OutcomeHandler(Handler handler, AsyncResult<T> result) : handler_(std::move(handler)), result_(std::move(result)) {}

  const Handler& get() const noexcept { return handler_; }

  void operator()(const WaitEnd& end) && {
    if (end.how != WaitEnd::outcome) return fail(reason(end));
    if (const std::exception_ptr error = ResultAccess::cell(result_).error()) return fail(error);
    if constexpr (std::is_void_v<T>) {
      std::move(handler_)(std::exception_ptr());
    } else {
      succeed();
    }
  }

 private:
  void fail(std::exception_ptr error) {
    if constexpr (std::is_void_v<T>) {
      std::move(handler_)(std::move(error));
    } else {
      std::move(handler_)(std::move(error), T());
    }
  }
  void succeed() {
    std::exception_ptr error;
    T value{};
    try {
      value = take_seen_value(ResultAccess::cell(result_));
    } catch (...) {  // it cannot be copied, or its copying threw
      error = std::current_exception();
    }
    std::move(handler_)(std::move(error), std::move(value));
  }

  Handler handler_;
  AsyncResult<T> result_;
};

template <class T>
struct InitiateWait {
  template <class Handler>
  void operator()(Handler&& handler, AsyncResult<T> result) const {
    auto& cell = ResultAccess::cell(result);
    using Waiting = OutcomeHandler<std::decay_t<Handler>, T>;
    start_wait(cell, CancelResult(), Waiting(std::forward<Handler>(handler), std::move(result)));
  }
};

template <class T, class CompletionToken>
auto async_wait(AsyncResult<T> result, CompletionToken& token) {
  static_assert(std::is_void_v<T> || std::is_default_constructible_v<T>,
                "troupe: async_wait(token) gives an error beside a value, so the value's type must be default-constructible");
  (void)ResultAccess::cell(result);
  return boost::asio::async_initiate<CompletionToken, typename WaitSignature<T>::type>(InitiateWait<T>(), token,
                                                                                       std::move(result));
}

}  // namespace troupe::async::detail

// What a handler is associated with, its wrapper is, too.
template <template <class, class> class Associator, class Handler, class T, class Default>
struct boost::asio::associator<Associator, troupe::async::detail::OutcomeHandler<Handler, T>, Default>
    : Associator<Handler, Default> {
  using Inner = Associator<Handler, Default>;
  static typename Inner::type get(const troupe::async::detail::OutcomeHandler<Handler, T>& handler) noexcept {
    return Inner::get(handler.get());
  }
  static auto get(const troupe::async::detail::OutcomeHandler<Handler, T>& handler, const Default& otherwise) noexcept
      -> decltype(Inner::get(handler.get(), otherwise)) {
    return Inner::get(handler.get(), otherwise);
  }
};

namespace troupe {

// Signature: void(std::exception_ptr, T), or void(std::exception_ptr). The handler is called on its associated executor, never
// inside this function; one that has none (in a parallel_group, say: bind_executor gives it one) in a thread of Asio's
// system_context. Its associated allocator is used. While it waits, its executor has outstanding work.
//
// Cancellation (total, terminal) reaches the call: result.cancel(). One that had not started completes with its CancelledError.
// For one that runs, which is only asked to stop, the wait ends at once with a CancelledError; the result itself has its outcome
// later, for whoever holds it.
template <class T>
template <class CompletionToken>
auto AsyncResult<T>::async_wait(CompletionToken&& token) const& {
  static_assert(std::is_void_v<T> || std::is_copy_constructible_v<T>,
                "troupe: a value that can only be moved is waited for with std::move(result).async_wait(token)");
  return async::detail::async_wait(*this, token);
}

// The same; the value is moved out when this is the last handle.
template <class T>
template <class CompletionToken>
auto AsyncResult<T>::async_wait(CompletionToken&& token) && {
  return async::detail::async_wait(std::move(*this), token);
}

}  // namespace troupe
