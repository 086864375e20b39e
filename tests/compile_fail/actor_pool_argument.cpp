// SPDX-License-Identifier: BSL-1.0
// expect: troupe: an ActorPool cannot cross to another process, it belongs to the one that made it; send the proxies of its
// members()
#include <troupe/troupe.hpp>

struct Actor {
  int add(int n);
  void take(const troupe::ActorPool<Actor>& pool);
};

void use(troupe::Proxy<Actor> actor, const troupe::ActorPool<Actor>& pool) { actor.call<&Actor::take>(pool); }
