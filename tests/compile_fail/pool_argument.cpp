// SPDX-License-Identifier: BSL-1.0
// expect: troupe: an argument's type must be default-constructible
#include <troupe/troupe.hpp>

struct Actor {
  void take(const troupe::Pool& pool);
};

void use(troupe::Proxy<Actor> actor, const troupe::Pool& pool) { actor.call<&Actor::take>(pool); }
