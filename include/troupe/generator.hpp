// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <coroutine>
#include <cstddef>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>

namespace troupe {

// A coroutine that gives values one by one, with co_yield, whenever the next one is asked for; an input range, to be gone through
// once. What a method returns whose values a caller wants as they come (Proxy::stream), and of use by itself. After C++23's
// std::generator: Generator<T> gives T&&, so `for (T value : generator)` moves; Generator<const T&> gives what was yielded
// itself. An exception leaves the coroutine through begin() or ++, and ends it. Default-constructed or moved from, it is empty.
// Thread-safety: one thread at a time; it may change.
template <class T>
class [[nodiscard]] Generator {
 public:
  class promise_type;
  class Iterator;
  using value_type = std::remove_cvref_t<T>;
  using reference = std::conditional_t<std::is_reference_v<T>, T, T&&>;

  Generator() = default;
  Generator(Generator&& other) noexcept : coroutine_(std::exchange(other.coroutine_, {})) {}
  Generator& operator=(Generator other) noexcept {
    std::swap(coroutine_, other.coroutine_);
    return *this;
  }
  ~Generator() {
    if (coroutine_) coroutine_.destroy();
  }

  // Runs the coroutine to its first value. Once.
  Iterator begin() {
    if (coroutine_) coroutine_.resume();
    return Iterator(coroutine_);
  }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  using Handle = std::coroutine_handle<promise_type>;
  explicit Generator(Handle coroutine) noexcept : coroutine_(coroutine) {}

  Handle coroutine_;
};

template <class T>
class Generator<T>::promise_type {
 public:
  Generator get_return_object() noexcept { return Generator(Handle::from_promise(*this)); }
  std::suspend_always initial_suspend() const noexcept { return {}; }
  std::suspend_always final_suspend() const noexcept { return {}; }

  // It stays where it is until the coroutine goes on.
  std::suspend_always yield_value(reference value) noexcept {
    value_ = std::addressof(value);
    return {};
  }
  // What is not the coroutine's to give away is copied.
  auto yield_value(const value_type& value) requires std::is_rvalue_reference_v<reference> { return Copy{{}, value}; }

  void await_transform() = delete;  // a generator waits for nothing but being asked
  void return_void() const noexcept {}
  void unhandled_exception() { throw; }

 private:
  friend class Generator::Iterator;
  struct Copy : std::suspend_always {
    value_type value;
    void await_suspend(Handle coroutine) noexcept { coroutine.promise().value_ = std::addressof(value); }
  };

  std::remove_reference_t<T>* value_ = nullptr;
};

template <class T>
class Generator<T>::Iterator {
 public:
  using iterator_concept = std::input_iterator_tag;
  using iterator_category = std::input_iterator_tag;
  using value_type = Generator::value_type;
  using difference_type = std::ptrdiff_t;
  using reference = Generator::reference;
  using pointer = void;

  reference operator*() const { return static_cast<reference>(*coroutine_.promise().value_); }
  // Runs the coroutine to its next value.
  Iterator& operator++() {
    coroutine_.resume();
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const Iterator& iterator, std::default_sentinel_t) {
    return !iterator.coroutine_ || iterator.coroutine_.done();
  }

 private:
  friend class Generator;
  explicit Iterator(Handle coroutine) noexcept : coroutine_(coroutine) {}

  Handle coroutine_;
};

}  // namespace troupe
