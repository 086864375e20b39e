// SPDX-License-Identifier: BSL-1.0
#include <troupe/module.hpp>

class Counter {
 public:
  explicit Counter(int start) : total_(start) {}
  int add(int n) { return total_ += n; }

 private:
  int total_;
};

TROUPE_MODULE(troupe::actor<Counter>("Counter").constructor<int>().method<&Counter::add>("add"));
