// SPDX-License-Identifier: BSL-1.0
// expect: troupe: a generator cannot be a result
// expect: read it with stream<&A::method>(…)
#include <troupe/troupe.hpp>

struct Actor {
  troupe::Generator<int> numbers();
};

void use(troupe::Proxy<Actor> actor) { actor.call<&Actor::numbers>(); }
