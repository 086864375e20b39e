// SPDX-License-Identifier: BSL-1.0
// expect: troupe: a raw pointer cannot cross to another process
// expect: send the value, a std::optional or a std::vector
#include <memory>
#include <troupe/troupe.hpp>

struct Actor {
  explicit Actor(int* start);
};

void use(troupe::Runtime& runtime, int* start) { runtime.spawn<Actor>(start); }
