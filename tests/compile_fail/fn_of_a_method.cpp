// SPDX-License-Identifier: BSL-1.0
// expect: troupe: fn takes a function, as in fn<&f>
// expect: for a method use call
#include <memory>
#include <troupe/troupe.hpp>

struct Actor {
  int value();
};

void use(troupe::Proxy<Actor> actor) { actor.run(troupe::fn<&Actor::value>); }
