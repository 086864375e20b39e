// SPDX-License-Identifier: BSL-1.0
// expect: troupe: a raw pointer cannot cross to another process
// expect: send the value, a std::optional or a std::vector
#include <memory>
#include <troupe/troupe.hpp>

struct Actor {
  int read(const int* numbers);
};

void use(troupe::Proxy<Actor> actor) { actor.call<&Actor::read>(static_cast<const int*>(nullptr)); }
