// SPDX-License-Identifier: BSL-1.0
// expect: troupe: the value does not convert to the field's type
// expect: convert it first, or write it in a run(
#include <memory>
#include <troupe/troupe.hpp>

struct Actor {
  int value = 0;
};

void use(troupe::Proxy<Actor> actor) { actor.set<&Actor::value>(std::string("one")); }
