// SPDX-License-Identifier: BSL-1.0
// expect: troupe: stream takes a method that returns values one by one
// expect: for one that returns a single value use call
#include <troupe/troupe.hpp>

struct Actor {
  int number();
};

void use(troupe::Proxy<Actor> actor) { actor.stream<&Actor::number>(); }
