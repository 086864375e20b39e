// SPDX-License-Identifier: BSL-1.0
// expect: troupe: get takes a field
// expect: for a method use call
#include <memory>
#include <troupe/troupe.hpp>

struct Actor {
  int value();
};

void use(troupe::Proxy<Actor> actor) { actor.get<&Actor::value>(); }
