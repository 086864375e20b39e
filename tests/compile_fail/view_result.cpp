// SPDX-License-Identifier: BSL-1.0
// expect: troupe: a view (std::string_view, std::span) cannot be a result
// expect: return a std::string or a std::vector
#include <memory>
#include <troupe/troupe.hpp>

struct Actor {
  std::string_view text();
};

void use(troupe::Proxy<Actor> actor) { actor.call<&Actor::text>(); }
