// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <unistd.h>

#include <cereal/types/map.hpp>
#include <cereal/types/memory.hpp>
#include <cereal/types/variant.hpp>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <troupe/troupe.hpp>
#include <utility>
#include <variant>
#include <vector>

// Small actors for the end-to-end tests.
namespace troupe::test {

class Counter {
 public:
  Counter() = default;
  explicit Counter(int start) : value(start) {}

  int add(int n) { return value += n; }
  int get() const { return value; }
  int pid() const noexcept { return ::getpid(); }
  void reset() { value = 0; }

  int value = 0;
};

struct Point {
  int x = 0;
  int y = 0;
  std::vector<std::string> labels;

  friend bool operator==(const Point&, const Point&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(x, y, labels);
  }
};

class Base {
 public:
  int inherited(int n) const { return n + 1; }
};

class Everything : public Base {
 public:
  std::string echo(const std::string& text) { return text; }
  std::string view(std::string_view text) { return std::string(text); }
  Point moved(Point point) {
    ++point.x;
    return point;
  }
  std::map<std::string, int> map(std::map<std::string, int> map) {
    map["added"] = 1;
    return map;
  }
  std::variant<int, std::string> either(bool text) {
    if (text) return std::string("text");
    return 7;
  }
  std::unique_ptr<int> move_only(int value) { return std::make_unique<int>(value); }
  int overloaded(int n) { return n; }
  std::string overloaded(const std::string& text) { return text + "!"; }
  int overloaded() const { return -1; }
  int sure(int n) noexcept { return n; }
  int sure(double n) { return static_cast<int>(n * 2); }
  int sure() const noexcept { return -1; }
  int sure() { return -2; }
  int on_lvalue() & { return 1; }
  int on_rvalue() && { return 2; }
  const std::string& reference() const { return name; }
  double half(double value) noexcept { return value / 2; }

  std::string name = "everything";
};

struct Unregistered : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct Registered : std::runtime_error {
  using std::runtime_error::runtime_error;
};
TROUPE_EXCEPTION(Registered);

class Thrower {
 public:
  Thrower() = default;
  explicit Thrower(const std::string& reason) { throw std::invalid_argument(reason); }
  explicit Thrower(int) { throw Unregistered("in the constructor"); }

  void out_of_range() { throw std::out_of_range("index 5"); }
  void registered() { throw Registered("mine"); }
  void unregistered() { throw Unregistered("who knows"); }
  void number() { throw 42; }
  int fine() { return 1; }
};

// Does what no actor should.
class Victim {
 public:
  int ok() { return 1; }
  void segfault() {
    volatile std::uintptr_t nowhere = 8;
    *reinterpret_cast<volatile int*>(nowhere) = 1;
  }
  void abort() { std::abort(); }
  void starve() noexcept { find_no_memory(); }
  void throw_uncaught() noexcept { (void)std::string().at(7); }
  void exit(int code) { std::exit(code); }
  void quick_exit(int code) { ::_exit(code); }
  void hang() {
    for (;;) ::pause();
  }
  void overflow() { recurse(0); }
  void overflow_in_callback(const Proxy<Counter>& counter) {
    for (;;) {  // until the callback finds a call that is not answered yet: others run here
      counter.call<&Counter::pid>().on_done([here = std::this_thread::get_id()] {
        if (std::this_thread::get_id() != here) recurse(0);
      });
    }
  }

 private:
  [[gnu::noinline]] static int recurse(int depth) {
    int (*volatile deeper)(int) = &recurse;  // the compiler must neither see that nor make a loop of it
    volatile char frame[512];
    frame[0] = 1;
    return deeper(depth + 1) + frame[0];
  }
  [[noreturn]] static void find_no_memory() { throw std::bad_alloc(); }
};

// Ends its process in its constructor.
class Exiting {
 public:
  Exiting() = default;
  explicit Exiting(int code) { ::_exit(code); }
};

class CrashingInside {
 public:
  CrashingInside() { Victim().segfault(); }
};

class HangingAtTheEnd {
 public:
  ~HangingAtTheEnd() { Victim().hang(); }
};

// Calls another actor.
class Caller {
 public:
  Caller() = default;
  explicit Caller(Proxy<Counter> counter) : counter_(std::move(counter)) {}

  void set(Proxy<Counter> counter) { counter_ = std::move(counter); }
  int add_twice(int n) {
    counter_.call<&Counter::add>(n).get();
    return counter_.call<&Counter::add>(n).get();
  }
  int add_twice_at(Proxy<Counter> counter, int n) { return Caller(std::move(counter)).add_twice(n); }
  Proxy<Counter> give() const { return counter_; }

 private:
  Proxy<Counter> counter_;
};

}  // namespace troupe::test
