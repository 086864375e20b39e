// SPDX-License-Identifier: BSL-1.0
// expect: troupe: on_down takes a function that is called as f() or f(const Down&)
// expect: take the Down, which says what happened to which actor
#include <memory>
#include <troupe/troupe.hpp>

struct Actor {};

void use(const troupe::Proxy<Actor>& actor) {
  actor.on_down([](int) {});
}
