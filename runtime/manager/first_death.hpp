// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/death.hpp>
#include <troupe/timeout.hpp>

#include <optional>

#include "supervision/restart_window.hpp"

namespace troupe::manager {

// Of the deaths that a policy counts, the first one that lies in one window with the last. A value.
class FirstDeath {
 public:
  void note(const DeathCause& cause, Timeout within, supervision::TimePoint now) {
    if (cause_ && within.after(when_) >= now) return;
    cause_ = cause;
    when_ = now;
  }
  void forget() { cause_.reset(); }
  const std::optional<DeathCause>& cause() const { return cause_; }

 private:
  std::optional<DeathCause> cause_{};
  supervision::TimePoint when_{};
};

}  // namespace troupe::manager
