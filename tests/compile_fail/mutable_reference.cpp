// SPDX-License-Identifier: BSL-1.0
// expect: troupe: a parameter that is a reference to non-const cannot cross
// expect: take it by value or const reference, and return what changed
#include <memory>
#include <troupe/troupe.hpp>

struct Actor {
  void fill(std::string& text);
};

void use(troupe::Proxy<Actor> actor, std::string text) { actor.call<&Actor::fill>(text); }
