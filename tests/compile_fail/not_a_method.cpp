// SPDX-License-Identifier: BSL-1.0
// expect: troupe: call, tell and bind take a method
// expect: for a field use get or set, for a function use run
#include <memory>
#include <troupe/troupe.hpp>

struct Actor {
  int value = 0;
};

void use(troupe::Proxy<Actor> actor) { actor.call<&Actor::value>(); }
