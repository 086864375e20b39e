// SPDX-License-Identifier: BSL-1.0
// expect: troupe: this kind of view cannot be a parameter
// expect: take a std::string_view, a std::span<const T>
#include <memory>
#include <troupe/troupe.hpp>

struct Actor {
  void fill(std::span<int> numbers);
};

void use(troupe::Proxy<Actor> actor, std::vector<int>& numbers) { actor.call<&Actor::fill>(numbers); }
