// SPDX-License-Identifier: BSL-1.0
// expect: troupe: an argument's type must be default-constructible, because it is loaded into an object of that type
// expect: give its class a default constructor, or pass the values that it is made from
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
  void resize(const Size& size);
};

void use(troupe::Proxy<Actor> actor) { actor.call<&Actor::resize>(Size(1)); }
