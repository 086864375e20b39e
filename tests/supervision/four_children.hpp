// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "orders.hpp"
#include "supervision/group.hpp"

namespace troupe::supervision {

inline constexpr Strategy kAll[] = {Strategy::one_for_one, Strategy::one_for_all, Strategy::rest_for_one};

// One that lives and has no children yet.
inline Group group_of(Strategy strategy, Intensity intensity, Parting on_giving_up = Parting::for_good) {
  Group group({.strategy = strategy, .intensity = intensity}, on_giving_up);
  group.start();
  return group;
}

// Children 1 to 4, all up.
inline Group four(Strategy strategy, Intensity intensity = {}, Parting on_giving_up = Parting::for_good) {
  Group group = group_of(strategy, intensity, on_giving_up);
  for (const ChildId child : {1, 2, 3, 4}) group.add(child);
  orders_carried_out(group);
  return group;
}

}  // namespace troupe::supervision
