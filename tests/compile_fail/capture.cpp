// SPDX-License-Identifier: BSL-1.0
// expect: troupe: run takes a lambda without captures
// expect: pass the values as arguments, as in run(
#include <memory>
#include <troupe/troupe.hpp>

struct Actor {};

void use(troupe::Proxy<Actor> actor, int n) {
  actor.run([n](Actor&) { return n; });
}
