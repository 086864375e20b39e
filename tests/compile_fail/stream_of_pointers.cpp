// SPDX-License-Identifier: BSL-1.0
// expect: troupe: a raw pointer cannot cross
#include <troupe/troupe.hpp>

struct Actor {
  troupe::Generator<int*> pointers();
};

void use(troupe::Proxy<Actor> actor) { actor.stream<&Actor::pointers>(); }
