// SPDX-License-Identifier: BSL-1.0
#include "false_start.hpp"

#include <cstdlib>
#include <string>
#include <utility>

#include "victim.hpp"

namespace troupe::campaigns {

namespace {

// While it lives, processes that start in that role come to harm.
class HarmInEnvironment {
 public:
  HarmInEnvironment(const char* role, Harm harm) : variable_(harm_at_start(role, harm)) {
    ::setenv(variable_.first.c_str(), variable_.second.c_str(), 1);
  }
  ~HarmInEnvironment() { ::unsetenv(variable_.first.c_str()); }
  HarmInEnvironment(const HarmInEnvironment&) = delete;
  HarmInEnvironment& operator=(const HarmInEnvironment&) = delete;

 private:
  const std::pair<std::string, std::string> variable_;
};

// A manager hands on what it finds in its environment.
Runtime make_runtime(const char* harmed_role, Harm harm, const RuntimeOptions& options) {
  const HarmInEnvironment variable(harmed_role, harm);
  return Runtime(options);
}

void start(Stage& stage, Harm harm, Place place, const RuntimeOptions& options, Random& random) {
  const std::string& ledger = stage.ledger().path();
  switch (place) {
    case Place::host_start:
      stage.runtime().spawn<Victim>(SpawnOptions{.environment = {harm_at_start("host", harm)}}, ledger);
      return;
    case Place::zygote_start:
      make_runtime("zygote", harm, options).spawn<Victim>(ledger);
      return;
    case Place::manager_start:
      make_runtime("manager", harm, options).spawn<Victim>(ledger);
      return;
    default:
      stage.runtime().spawn<Victim>(draw_start(random), ledger, harm);
  }
}

}  // namespace

Told come_to_harm_at_start(Stage& stage, Harm harm, Place place, const RuntimeOptions& options, Random& random) {
  return told_by([&] { start(stage, harm, place, options, random); });
}

}  // namespace troupe::campaigns
