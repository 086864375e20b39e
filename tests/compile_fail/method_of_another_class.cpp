// SPDX-License-Identifier: BSL-1.0
// expect: troupe: this method is not one of the actor
// expect: name one that it has, or use a proxy of the class that has it
#include <memory>
#include <troupe/troupe.hpp>

struct Actor {};
struct Other {
  int get();
};

void use(troupe::Proxy<Actor> actor) { actor.call<&Other::get>(); }
