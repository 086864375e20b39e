// SPDX-License-Identifier: BSL-1.0
// expect: troupe: a pointer to a polymorphic class cannot cross
// expect: send a std::variant of the concrete classes
#include <cereal/types/memory.hpp>
#include <memory>
#include <troupe/troupe.hpp>

struct Shape {
  virtual ~Shape() = default;
};
struct Actor {
  void take(std::unique_ptr<Shape> shape);
};

void use(troupe::Proxy<Actor> actor) { actor.call<&Actor::take>(std::make_unique<Shape>()); }
