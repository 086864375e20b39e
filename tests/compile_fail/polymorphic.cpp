// SPDX-License-Identifier: BSL-1.0
// expect: troupe: a polymorphic object cannot cross
// expect: send a std::variant of the concrete classes, or make the class final
#include <memory>
#include <troupe/troupe.hpp>

struct Shape {
  virtual ~Shape() = default;
};
struct Actor {
  void draw(const Shape& shape);
};

void use(troupe::Proxy<Actor> actor, const Shape& shape) { actor.call<&Actor::draw>(shape); }
