// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/troupe.hpp>

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "asker.hpp"
#include "campaign.hpp"
#include "ledger.hpp"
#include "told.hpp"
#include "victim.hpp"

namespace troupe::campaigns {

// Calls that do no harm, and have no outcome yet.
class HarmlessCalls {
 public:
  HarmlessCalls(const Proxy<Victim>& victim, Ledger& ledger) : victim_(victim), ledger_(ledger) {}

  void send();
  void send_some(Random& random);
  // Each of those sent so far has run, or none has begun. Errors: Broken.
  void expect_all(bool are_answered);

 private:
  const Proxy<Victim>& victim_;
  Ledger& ledger_;
  std::vector<std::pair<std::uint64_t, AsyncResult<std::uint64_t>>> sent_;
};

// Either way to start it.
SpawnOptions draw_start(Random& random);

// What the harm done to one actor must not touch: a runtime, and another actor in it.
class Stage {
 public:
  explicit Stage(const RuntimeOptions& options);

  Ledger& ledger() { return ledger_; }
  Runtime& runtime() { return runtime_; }
  const Proxy<Victim>& other() const { return other_; }

  // Puts the question, in the asker's thread; a coroutine is of the question's own. Errors: what it throws.
  Told ask(Asker asker, const std::function<Told()>& question) const;
  // Blocks: until the runtime has ended. Errors: Broken when anything but the harmed one does not go on as before.
  void expect_goes_on();

 private:
  Ledger ledger_;
  Runtime runtime_;
  Proxy<Victim> other_;
};

}  // namespace troupe::campaigns
