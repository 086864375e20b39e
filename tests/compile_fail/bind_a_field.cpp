// SPDX-License-Identifier: BSL-1.0
// expect: troupe: call, tell and bind take a method
#include <troupe/troupe.hpp>

struct Actor {
  int value = 0;
};

void use(troupe::Proxy<Actor> actor) { troupe::bind<&Actor::value>(actor); }
