// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/troupe.hpp>

#include "caller.hpp"
#include "clerk.hpp"
#include "ledger.hpp"
#include "load.hpp"
#include "watchdog.hpp"

namespace troupe::campaigns {

// A runtime with a clerk, another one that has nothing to do with it, and a caller that may call both.
struct Cast {
  explicit Cast(Ledger& ledger)
      : clerk(spawn_clerk(runtime, ledger)), other(spawn_clerk(runtime, ledger)), caller(runtime.spawn<Caller>(ledger.path())) {}

  bool ask(const Proxy<Clerk>& whom) const {
    const Step step("waiting for an actor that calls another");
    return caller.call<&Caller::ask>(whom).get();
  }

  Runtime runtime;
  Proxy<Clerk> clerk, other;
  Proxy<Caller> caller;
};

}  // namespace troupe::campaigns
