// SPDX-License-Identifier: BSL-1.0
// expect: troupe: an AsyncResult of an AsyncResult cannot cross to another process
// expect: return the inner one, which the caller gets as its own
#include <memory>
#include <troupe/troupe.hpp>

struct Actor {
  troupe::AsyncResult<troupe::AsyncResult<int>> later();
};

void use(troupe::Proxy<Actor> actor) { actor.call<&Actor::later>(); }
