// SPDX-License-Identifier: BSL-1.0
// expect: class cannot be constructed from these arguments
// expect: convert them first, or give the class a constructor that takes them
#include <memory>
#include <troupe/troupe.hpp>

struct Actor {
  explicit Actor(int start);
};

void use(troupe::Runtime& runtime) { runtime.spawn<Actor>(std::string("one")); }
