// SPDX-License-Identifier: BSL-1.0
// expect: troupe: the method takes another number of arguments
// expect: name them all, because a pointer to a method knows no defaults
#include <memory>
#include <troupe/troupe.hpp>

struct Actor {
  int add(int a, int b);
};

void use(troupe::Proxy<Actor> actor) { actor.call<&Actor::add>(1); }
