// SPDX-License-Identifier: BSL-1.0
// expect: troupe: a result must be default-constructible
// expect: give its class a default constructor, or return the values that it is made from
#include <memory>
#include <troupe/troupe.hpp>

struct Size {
  explicit Size(int count) : count(count) {}
  template <class Archive>
  void serialize(Archive& archive) {
    archive(count);
  }
  int count;
};
struct Actor {
  Size size();
};

void use(troupe::Proxy<Actor> actor) { actor.call<&Actor::size>(); }
