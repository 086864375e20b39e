// SPDX-License-Identifier: BSL-1.0
// The first example: a plain class in a process of its own. Prints 15.
#include <fmt/core.h>
#include <troupe/troupe.hpp>

class Counter {  // a plain class: no base, no macro, no IDL
 public:
  explicit Counter(int start) : value_(start) {}
  int add(int n) { return value_ += n; }

 private:
  int value_;
};

int main(int argc, char** argv) {
  troupe::Runtime runtime(argc, argv);        // in a host process this line never returns
  auto counter = runtime.spawn<Counter>(10);  // a process of its own
  troupe::AsyncResult<int> sum = counter.call<&Counter::add>(5);
  fmt::print("{}\n", sum.get());  // 15
}
