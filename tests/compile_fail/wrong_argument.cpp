// SPDX-License-Identifier: BSL-1.0
// expect: troupe: an argument does not convert to the method
// expect: convert it first, as for a call in this process
#include <memory>
#include <troupe/troupe.hpp>

struct Actor {
  int add(int a);
};

void use(troupe::Proxy<Actor> actor) { actor.call<&Actor::add>(std::string("one")); }
