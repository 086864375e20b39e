// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/troupe.hpp>

#include <string>

#include "clerk.hpp"
#include "ledger.hpp"

namespace troupe::campaigns {

// An actor that calls clerks: the client's half of a call, in a process that may be killed without taking the runtime along.
class Caller {
 public:
  static constexpr std::uint32_t kSender = 0;

  explicit Caller(const std::string& ledger_path) : ledger_(ledger_path) {}

  // One call, whose outcome goes to the ledger; whether it was answered.
  bool ask(const Proxy<Clerk>& clerk);

 private:
  Ledger ledger_;
};

}  // namespace troupe::campaigns
