// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>
#include <troupe/error.hpp>

#include <cstddef>
#include <exception>
#include <stdexcept>
#include <vector>

namespace troupe::testing {

template <class T>
std::vector<AsyncResult<T>> results_of(const std::vector<Promise<T>>& promises) {
  std::vector<AsyncResult<T>> results;
  for (const auto& promise : promises) results.push_back(promise.result());
  return results;
}

inline std::exception_ptr far() { return std::make_exception_ptr(std::out_of_range("far")); }

template <class T>
AsyncResult<T> made(T value) {
  Promise<T> promise;
  promise.set_value(std::move(value));
  return promise.result();
}
template <class T>
AsyncResult<T> failed(std::exception_ptr error = far()) {
  Promise<T> promise;
  promise.set_exception(std::move(error));
  return promise.result();
}
template <class T>
AsyncResult<T> cancelled() {
  Promise<T> promise;
  promise.result().cancel();
  return promise.result();
}

// Counts how often it has been copied.
struct Tracked {
  explicit Tracked(int& count) : copies(&count) {}
  Tracked(const Tracked& other) : copies(other.copies) { ++*copies; }
  Tracked(Tracked&&) noexcept = default;

  int* copies;
};

// Cannot.
struct Uncopyable {
  Uncopyable() = default;
  Uncopyable(const Uncopyable&) { throw std::domain_error("not this one"); }
  Uncopyable(Uncopyable&&) noexcept = default;
};

}  // namespace troupe::testing
