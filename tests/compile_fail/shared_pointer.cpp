// SPDX-License-Identifier: BSL-1.0
// expect: troupe: a std::shared_ptr or std::weak_ptr cannot cross
// expect: send the value, a std::unique_ptr, or a proxy of an actor that owns it
#include <memory>
#include <troupe/troupe.hpp>

struct Actor {
  void take(std::shared_ptr<int> shared);
};

void use(troupe::Proxy<Actor> actor) { actor.call<&Actor::take>(std::make_shared<int>(1)); }
