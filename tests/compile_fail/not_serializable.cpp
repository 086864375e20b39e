// SPDX-License-Identifier: BSL-1.0
// expect: troupe: this type cannot be serialized
// expect: give it a member `template <class Archive> void serialize(Archive& archive)
// expect: or include the <cereal/types/....hpp> header of its container
#include <memory>
#include <troupe/troupe.hpp>

struct Settings {
  int level = 0;
  std::string name;
};
struct Actor {
  void apply(const Settings& settings);
};

void use(troupe::Proxy<Actor> actor) { actor.call<&Actor::apply>(Settings()); }
