// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/death.hpp>
#include <troupe/timeout.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "supervision/restart_window.hpp"

namespace troupe::manager {

// Of the deaths that a policy counts, the first one that lies in one window with the last. Reports are long: where a policy
// allows many deaths, of those between the first and the last few some are not kept. A value.
class FirstDeath {
 public:
  // `whose`: for people; empty where only one actor's are counted.
  void note(const DeathCause& cause, Timeout within, supervision::TimePoint now, std::string whose = {}) {
    constexpr std::size_t kMost = 8;
    std::erase_if(deaths_, [&](const Death& each) { return within.after(each.when) < now; });
    if (deaths_.size() == kMost) deaths_.erase(deaths_.begin() + 1);
    deaths_.push_back({cause, now, std::move(whose)});
  }
  void forget() { deaths_.clear(); }
  std::optional<DeathCause> cause() const { return deaths_.empty() ? std::nullopt : std::optional(deaths_.front().cause); }
  std::string whose() const { return deaths_.empty() ? std::string() : deaths_.front().whose; }

 private:
  struct Death {
    DeathCause cause;
    supervision::TimePoint when;
    std::string whose;
  };
  std::vector<Death> deaths_{};
};

}  // namespace troupe::manager
