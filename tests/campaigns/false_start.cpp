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

// Waits for it as the asker does, while its manager lives.
void start(Stage& stage, const FalseStart& order, const RuntimeOptions& options, Random& random) {
  const std::string& ledger = stage.ledger().path();
  const auto start_in = [&](Runtime& runtime, const SpawnOptions& spawn_options, auto... arguments) {
    await_as(order.asker, runtime.spawn_async<Victim>(spawn_options, ledger, arguments...));
  };
  if (order.place == Place::host_start)
    return start_in(stage.runtime(), SpawnOptions{.environment = {harm_at_start("host", order.harm)}});
  if (order.place == Place::zygote_start || order.place == Place::manager_start) {
    Runtime runtime = make_runtime(order.place == Place::zygote_start ? "zygote" : "manager", order.harm, options);
    return start_in(runtime, SpawnOptions());
  }
  start_in(stage.runtime(), draw_start(random), order.harm);
}

}  // namespace

Told come_to_harm_at_start(Stage& stage, const FalseStart& order, const RuntimeOptions& options, Random& random) {
  return told_by([&] { start(stage, order, options, random); });
}

}  // namespace troupe::campaigns
