// SPDX-License-Identifier: BSL-1.0
// expect: troupe: by_key takes what std::hash takes
#include <troupe/troupe.hpp>

struct User {
  int number = 0;
};
struct Actor {
  int add(int n);
};

void use(const troupe::ActorPool<Actor>& pool) { pool.by_key(User()).call<&Actor::add>(1); }
