// SPDX-License-Identifier: BSL-1.0
// expect: troupe: set takes a field
// expect: for a method use call
#include <memory>
#include <troupe/troupe.hpp>

struct Actor {
  void value(int n);
};

void use(troupe::Proxy<Actor> actor) { actor.set<&Actor::value>(1); }
