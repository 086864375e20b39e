// SPDX-License-Identifier: BSL-1.0
// expect: troupe: a method that returns an AsyncResult is not supported yet
// expect: return the value itself, as in `return result.get();`
// expect: or give the caller a proxy of the actor that has it
#include <memory>
#include <troupe/troupe.hpp>

struct Actor {
  troupe::AsyncResult<int> later();
};

void use(troupe::Proxy<Actor> actor) { actor.call<&Actor::later>(); }
