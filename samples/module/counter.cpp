// SPDX-License-Identifier: BSL-1.0
// The module: a shared library whose actors programs start without having been built with them.
#include "counter.hpp"

#include <troupe/module.hpp>

namespace {

class Counter final : public ICounter {
 public:
  explicit Counter(int start) : total_(start) {}
  int add(int n) override { return total_ += n; }
  int total() const override { return total_; }

 private:
  int total_;
};

}  // namespace

TROUPE_MODULE(troupe::actor<Counter>("Counter")
                  .implements<ICounter>()
                  .constructor<int>()
                  .method<&Counter::add>("add")
                  .method<&Counter::total>("total"));
