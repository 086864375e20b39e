// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>
#include <troupe/detail/derivation.hpp>

#include <atomic>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

// AsyncResult::then.
namespace troupe::detail {

// What calling F with a T gives: a const T& unless F only takes a T; nothing for void.
template <class F, class T, class = void>
struct CallWith {
  static_assert(std::is_invocable_v<F&, T>,
                "troupe: then takes a function that is called with the result's value, or with nothing where that is void");
  using Type = std::invoke_result_t<F&, T>;
};
template <class F, class T>
struct CallWith<F, T, std::enable_if_t<std::is_invocable_v<F&, const T&>>> {
  using Type = std::invoke_result_t<F&, const T&>;
};
template <class F>
struct CallWith<F, void, void> {
  static_assert(std::is_invocable_v<F&>, "troupe: then takes a function that is called with nothing, since the result is void");
  using Type = std::invoke_result_t<F&>;
};

template <class Returned>
struct Unwrapped {
  using Value = Returned;
  static constexpr bool kIsResult = false;
};
template <class T>
struct Unwrapped<AsyncResult<T>> {
  using Value = T;
  static constexpr bool kIsResult = true;
};

template <class F, class T>
class ThenCell;

template <class F, class T>
struct ThenOf {
  using Returned = std::remove_cvref_t<typename CallWith<F, T>::Type>;
  using Value = typename Unwrapped<Returned>::Value;
  using Result = AsyncResult<Value>;
};

// The outcome of f(value). Its source is the value's result, and later the result that f has returned, if it does that.
template <class F, class T>
class ThenCell final : public DerivedCell<typename ThenOf<F, T>::Value>, public Derivation {
  using Value = typename ThenOf<F, T>::Value;
  using Cell = DerivedCell<Value>;
  static constexpr bool kReturnsResult = Unwrapped<typename ThenOf<F, T>::Returned>::kIsResult;

 public:
  ThenCell(F f, TypedCell<T>& source)
      : Cell(kType),
        Derivation(static_cast<ResultCell&>(*this)),
        f_(std::move(f)),
        first_(&source),
        before_(*this),
        after_(*this) {
    source.add_handle();
  }
  ~ThenCell() override { drop_sources(); }

  // Takes the first pin.
  void begin() {
    try {
      add_pins(1);
      first_->add_callback(&before_);
    } catch (...) {
      this->complete_with_error(std::current_exception());
    }
    unpin();
  }

 private:
  static constexpr CellType kType = Cell::template type_of<ThenCell>();

  struct Before final : Callback {
    explicit Before(ThenCell& cell) : then(cell) {}
    void run(ResultCell&) override { then.go_on(); }
    void drop() noexcept override { then.unpin(); }
    ThenCell& then;
  };
  struct After final : Callback {
    explicit After(ThenCell& cell) : then(cell) {}
    void run(ResultCell& cell) override { then.take_over(cell); }
    void drop() noexcept override { then.unpin(); }
    bool is_waiter() const noexcept override { return true; }
    bool only_moves_values() const noexcept override { return true; }
    ThenCell& then;
  };

  ResultCell* source(std::size_t index) noexcept override {
    if (index != 0) return nullptr;
    ResultCell* second = second_.load(std::memory_order_seq_cst);
    return second != nullptr ? second : first_;
  }
  void drop_sources() noexcept override {
    f_.reset();
    if (first_ != nullptr) std::exchange(first_, nullptr)->drop_handle();
    if (ResultCell* second = second_.exchange(nullptr)) second->drop_handle();
  }

  void go_on() {
    if (std::exception_ptr error = first_->error()) {
      this->complete_with_error(std::move(error));
      return;
    }
    if (!this->start()) return;  // it has been cancelled
    try {
      call();
    } catch (...) {
      this->complete_with_error(std::current_exception());
    }
  }

  void call() {
    if constexpr (kReturnsResult) {
      wait_for(ResultAccess::release(called()));
    } else {
      if constexpr (std::is_void_v<Value>) {
        called();
        this->make_value();
      } else {
        this->make_value(called());
      }
      if (this->claim()) this->publish_value();
    }
  }
  typename CallWith<F, T>::Type called() {
    if constexpr (std::is_void_v<T>) {
      return (*f_)();
    } else {
      T& value = first_->value();
      if constexpr (std::is_invocable_v<F&, const T&>) {
        return (*f_)(std::as_const(value));
      } else {
        return (*f_)(take_value(*first_));
      }
    }
  }

  // The handle is this cell's from here on.
  void wait_for(TypedCell<Value>* second) {
    second_.store(second, std::memory_order_seq_cst);
    pass_on_wish(*second);
    add_pins(1);
    second->add_callback(&after_);
  }
  void take_over(ResultCell& second) {
    if (std::exception_ptr error = second.error()) {
      this->complete_with_error(std::move(error));
      return;
    }
    if (!this->claim()) return;
    try {
      if constexpr (std::is_void_v<Value>) {
        this->make_value();
      } else {
        this->make_value(take_value(static_cast<TypedCell<Value>&>(second)));
      }
    } catch (...) {
      return this->publish_error(std::current_exception());
    }
    this->publish_value();
  }

  std::optional<F> f_;
  TypedCell<T>* first_;
  std::atomic<ResultCell*> second_{nullptr};
  Before before_;
  After after_;
};

}  // namespace troupe::detail

template <class T>
template <class F>
typename troupe::detail::ThenOf<F, T>::Result troupe::AsyncResult<T>::then(F f) const {
  auto* then = new detail::ThenCell<F, T>(std::move(f), cell());
  then->begin();
  return detail::ResultAccess::adopt<typename detail::ThenOf<F, T>::Value>(then);
}
