// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <fmt/core.h>

#include <string>

#include "supervision/group.hpp"
#include "supervision/supervisor.hpp"

namespace troupe::supervision {

inline constexpr TimePoint kStart{};

inline std::string text_of(const Order& order) {
  switch (order.what) {
    case Order::What::start:
      return fmt::format("start {}", order.child);
    case Order::What::end:
      return fmt::format("end {}", order.child);
    case Order::What::forget:
      return fmt::format("forget {}", order.child);
    case Order::What::came_up:
      return "came up";
    case Order::What::stopped:
      return "stopped";
    case Order::What::gave_up:
      return order.child == 0 ? "gave up" : fmt::format("gave up {}", order.child);
  }
  return "?";
}

inline std::optional<Order> next_of(Group& group, TimePoint) { return group.next(); }
inline std::optional<Order> next_of(Supervisor& supervisor, TimePoint now) { return supervisor.next(now); }

inline void add_to(std::string& list, const Order& order) { list += (list.empty() ? "" : ", ") + text_of(order); }

// The orders that can be had before anything more is reported.
template <class Decider>
std::string orders(Decider& decider, TimePoint now = kStart) {
  std::string result;
  while (const auto order = next_of(decider, now)) add_to(result, *order);
  return result;
}

// All orders, each carried out at once and without a failure.
template <class Decider>
std::string orders_carried_out(Decider& decider, TimePoint now = kStart) {
  std::string result;
  while (const auto order = next_of(decider, now)) {
    add_to(result, *order);
    if (order->what == Order::What::start) decider.started(order->child);
    if (order->what == Order::What::end) decider.ended(order->child, Exit::clean, now);
  }
  return result;
}

}  // namespace troupe::supervision
