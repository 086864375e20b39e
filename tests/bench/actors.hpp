// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "clock.hpp"

#include <troupe/troupe.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// The actors that are measured.
namespace troupe::bench {

class Counter {
 public:
  explicit Counter(int start) : value_(start) {}
  int add(int n) { return value_ += n; }
  void count(std::int64_t n) { value_ += static_cast<int>(n); }
  int value() const { return value_; }
  std::string echo(const std::string& text) const { return text; }
  Generator<int> numbers(int last) const {
    for (int number = 0; number < last; ++number) co_yield number;
  }

 private:
  int value_;
};

// Synchronous calls, one after the other.
inline Latency time_calls(const Proxy<Counter>& counter, int calls) {
  return time_each(calls, [&] { counter.call<&Counter::add>(1).get(); });
}

// Calls another actor.
class Caller {
 public:
  double median_call_ns(const Proxy<Counter>& counter, int calls) { return time_calls(counter, calls).p50_ns; }
};

// Dies in the middle of a call.
class Victim {
 public:
  void fill(std::size_t bytes);  // so many bytes more are resident
  void hang();

 private:
  std::vector<char> ballast_;
};

}  // namespace troupe::bench
