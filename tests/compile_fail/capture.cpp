// SPDX-License-Identifier: BSL-1.0
// expect: troupe: run takes a lambda without captures
#include <memory>
#include <troupe/troupe.hpp>

struct Actor {};

void use(troupe::Proxy<Actor> actor, int n) {
  actor.run([n](Actor&) { return n; });
}
