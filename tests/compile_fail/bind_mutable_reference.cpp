// SPDX-License-Identifier: BSL-1.0
// expect: troupe: a parameter that is a reference to non-const cannot cross
#include <troupe/troupe.hpp>

struct Actor {
  void fill(std::string& text);
};

void use(troupe::Proxy<Actor> actor) { troupe::bind<&Actor::fill>(actor); }
