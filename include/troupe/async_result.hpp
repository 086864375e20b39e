// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/archive.hpp>
#include <troupe/detail/result_cell.hpp>
#include <troupe/error.hpp>
#include <troupe/timeout.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace troupe {

template <class T>
class Promise;

namespace detail {

struct ResultAccess;

template <class T>
const CellType TypedCell<T>::kType = {&TypedCell::decode_value, &TypedCell::destroy_cell,
                                      std::is_void_v<T> || is_plain<Stored<T>>};

// Its value never crosses: it need be neither serializable nor default-constructible.
template <class T>
void TypedCell<T>::decode_value(ResultCell& cell, std::span<const std::byte> bytes) {
  auto& self = static_cast<TypedCell&>(cell);
  if constexpr (std::is_void_v<T>) {
    decode_as(Direction::result, false, bytes);
    self.make_value();
  } else {
    static_assert(
        std::is_default_constructible_v<T>,
        "troupe: a result must be default-constructible, because it is loaded into an object of its type; give its class a "
        "default constructor, or return the values that it is made from");
    self.make_value();
    decode_result(bytes, self.value());
  }
}

template <class F, class T>
class CallbackOf;
template <class F, class T>
struct ThenOf;

// Of a cell whose outcome is a value: moves it out when there is one handle left, else copies it.
template <class T>
T take_value(TypedCell<T>& cell) {
  if constexpr (!std::is_void_v<T>) {
    if (cell.is_last_handle()) return std::move(cell.value());
    if constexpr (std::is_copy_constructible_v<T>) {
      return cell.value();
    } else {
      throw InvalidState("troupe::AsyncResult: the value can only be moved, and other handles still hold it; drop them first");
    }
  }
}

}  // namespace detail

// How AsyncResult::cancel deals with a call that runs: its actor's process is killed when it has not ended after so long.
struct Force {
  Timeout after = std::chrono::seconds(0);
};

// What a call will give: a value of type T, or an exception. A handle: copies share the outcome. Default-constructed it is
// empty, and every function but the destructor and assignment throws InvalidState.
// Thread-safety: different handles from any threads; one handle like a shared_ptr.
template <class T>
class AsyncResult {
  static_assert(!std::is_reference_v<T>, "troupe: AsyncResult holds a value; name the type without its reference");

 public:
  using value_type = T;

  AsyncResult() = default;
  AsyncResult(const AsyncResult& other) noexcept : cell_(other.cell_) {
    if (cell_ != nullptr) cell_->add_handle();
  }
  AsyncResult(AsyncResult&& other) noexcept : cell_(std::exchange(other.cell_, nullptr)) {}
  AsyncResult& operator=(AsyncResult other) noexcept {
    std::swap(cell_, other.cell_);
    return *this;
  }
  ~AsyncResult() {
    if (cell_ != nullptr) cell_->drop_handle();
  }

  // The value. Blocks: until it is there. Errors: what the call failed with; TimeoutError when the call's deadline passes.
  std::add_lvalue_reference_t<const T> get() const& { return get(Timeout()); }
  // Blocks: at most `timeout`; then TimeoutError, and the call goes on.
  std::add_lvalue_reference_t<const T> get(Timeout timeout) const& {
    cell().await_value(timeout);
    if constexpr (!std::is_void_v<T>) return cell().value();
  }
  // Moves the value out when this is the last handle, else copies it; InvalidState for a move-only one that others hold.
  T get() && { return std::move(*this).get(Timeout()); }
  T get(Timeout timeout) && {
    cell().await_value(timeout);
    return detail::take_value(cell());
  }

  // Blocks: until the outcome is there (true), whatever it is, or `timeout` has passed (false).
  void wait() const { cell().await(Timeout()); }
  bool wait(Timeout timeout) const { return cell().await(timeout); }

  // Never blocks.
  bool ready() const { return cell().is_ready(); }
  // Whether the outcome is a value. Errors: ResultNotReady before ready().
  bool successful() const {
    if (!ready()) throw ResultNotReady("troupe::AsyncResult::successful: the result is not ready; wait() for it first");
    return cell().error() == nullptr;
  }

  // The exception, or null on success. Blocks: until the outcome is there. Errors: TimeoutError.
  std::exception_ptr exception() const { return exception(Timeout()); }
  std::exception_ptr exception(Timeout timeout) const {
    if (!cell().await(timeout)) throw TimeoutError("troupe::AsyncResult::exception: no outcome within the time-out");
    return cell().error();
  }

  // Before the actor has begun with it: it never runs, and its outcome is a CancelledError (true; also when it had been cancelled
  // before). A call that runs is asked to stop (this_call().stop_token()), and goes on; so false, as for one that is over.
  bool cancel() const { return cell().cancel(std::nullopt); }
  // The same; and where a call that runs has not ended `force.after` later, the process of its actor is killed, which is
  // started again as its RestartPolicy says; the outcome is a CancelledError then. Errors: std::logic_error for an actor that
  // has no policy to start it again, before anything has happened.
  bool cancel(Force force) const { return cell().cancel(force.after); }
  // Whether the outcome is a CancelledError. Never blocks.
  bool cancelled() const { return cell().is_cancelled(); }
  // Whether the actor has begun with it and it has no outcome yet. Never blocks.
  bool running() const { return cell().is_running(); }

  // Calls f() or f(AsyncResult<T>) once the outcome is there: in registration order, before waiters are released, in a
  // thread of the runtime; at once and here when it is there already. f may be move-only, block, call, destroy; what it
  // throws is reported on stderr.
  template <class F>
  void on_done(F f) const {
    cell().add_callback(new detail::CallbackOf<F, T>(std::move(f)));
  }

  // The result of f(value), or f() where T is void, run as on_done runs its callbacks. An error passes f by, and is the outcome;
  // so is what f throws. Where f returns an AsyncResult, its outcome is the outcome. Cancelling the new result cancels what it
  // comes from: this, or f while it has not begun, or what f has returned. In <troupe/then.hpp>.
  template <class F>
  typename detail::ThenOf<F, T>::Result then(F f) const;
  // Completes `token`, any of Boost.Asio's, as void(std::exception_ptr, T), or void(std::exception_ptr); a value that can only be
  // moved wants an rvalue. Needs <troupe/asio.hpp>, where more of it stands.
  template <class CompletionToken>
  auto async_wait(CompletionToken&& token) const&;
  template <class CompletionToken>
  auto async_wait(CompletionToken&& token) &&;

  // Whether this handle has a result at all.
  bool valid() const noexcept { return cell_ != nullptr; }

  friend bool operator==(const AsyncResult&, const AsyncResult&) = default;

 private:
  friend struct detail::ResultAccess;
  using Cell = detail::TypedCell<T>;

  explicit AsyncResult(Cell* cell) noexcept : cell_(cell) {}

  Cell& cell() const {
    if (cell_ == nullptr) throw InvalidState("troupe::AsyncResult: this handle is empty; assign a call's result to it first");
    return *cell_;
  }

  Cell* cell_ = nullptr;
};

namespace detail {

struct ResultAccess {
  // Errors: InvalidState for an empty handle.
  template <class T>
  static TypedCell<T>& cell(const AsyncResult<T>& result) {
    return result.cell();
  }
  // Takes over one handle that the cell was made with.
  template <class T>
  static AsyncResult<T> adopt(TypedCell<T>* cell) noexcept {
    return AsyncResult<T>(cell);
  }
  template <class T>
  static AsyncResult<T> share(TypedCell<T>& cell) noexcept {
    cell.add_handle();
    return AsyncResult<T>(&cell);
  }
  // The handle is the caller's from here on, who drops it. Errors: InvalidState for an empty one.
  template <class T>
  static TypedCell<T>* release(AsyncResult<T>&& result) {
    TypedCell<T>& cell = result.cell();
    result.cell_ = nullptr;
    return &cell;
  }
};

template <class F, class T>
class CallbackOf final : public Callback {
 public:
  explicit CallbackOf(F f) : f_(std::move(f)) {}

  void run(ResultCell& cell) override {
    if constexpr (std::is_invocable_v<F&, AsyncResult<T>>) {
      f_(ResultAccess::share(static_cast<TypedCell<T>&>(cell)));
    } else {
      static_assert(
          std::is_invocable_v<F&>,
          "troupe: on_done takes a function that is called as f() or f(AsyncResult<T>); take the result and get() its value");
      f_();
    }
  }

 private:
  F f_;
};

}  // namespace detail

// The other end of an AsyncResult that is completed by hand; T may be any type. Destroyed without an outcome, it completes with
// InvalidState, so that nobody waits for ever. Callbacks run in the thread that sets. Thread-safety: full.
template <class T>
class Promise {
 public:
  Promise() : cell_(detail::TypedCell<T>::completed_by_hand()) {}
  Promise(Promise&& other) noexcept : cell_(std::exchange(other.cell_, nullptr)) {}
  Promise& operator=(Promise other) noexcept {
    std::swap(cell_, other.cell_);
    return *this;
  }
  ~Promise() {
    if (cell_ == nullptr) return;
    cell_->complete_with_error(
        std::make_exception_ptr(InvalidState("troupe::Promise was destroyed before it was given an outcome")));
    cell_->drop_handle();
  }

  // The work begins: from here on its result cannot be cancelled. False: it has been cancelled, and nothing shall be done.
  bool set_running() { return state().start(); }

  // Errors: InvalidState on the second outcome, which the result's cancel() may have given.
  template <class... Value>
  requires(sizeof...(Value) == (std::is_void_v<T> ? 0 : 1)) void set_value(Value&&... value) {
    claim();
    try {
      cell_->make_value(std::forward<Value>(value)...);
    } catch (...) {
      publish_error(std::current_exception());
      throw;
    }
    cell_->publish_value();
  }
  void set_exception(std::exception_ptr error) {
    if (error == nullptr) throw std::invalid_argument("troupe::Promise::set_exception: the exception_ptr is null");
    if (!state().complete_with_error(std::move(error))) second_outcome();
  }

  AsyncResult<T> result() const { return detail::ResultAccess::share(state()); }

 private:
  detail::TypedCell<T>& state() const {
    if (cell_ == nullptr) throw InvalidState("troupe::Promise: it was moved from");
    return *cell_;
  }
  void claim() {
    if (!state().claim()) second_outcome();
  }
  void publish_error(std::exception_ptr error) { cell_->publish_error(std::move(error)); }
  [[noreturn]] static void second_outcome() { throw InvalidState("troupe::Promise: the outcome has been set already"); }

  detail::TypedCell<T>* cell_;
};

}  // namespace troupe
