// SPDX-License-Identifier: BSL-1.0
#include "tasks.hpp"

#include <fmt/core.h>

#include <cstdio>

#include "actors.hpp"

namespace troupe::test {

namespace {

void say(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

Proxy<Counter> spawn(Runtime& runtime, const std::string& verb, const std::string& actor) {
  SpawnOptions options{.name = actor};
  if (verb.starts_with("detach")) options.lifetime = Lifetime::detached;
  if (verb == "detach_again") options.restart = {.max = 3};
  return runtime.spawn<Counter>(options, 10);
}

void take_step(Runtime& runtime, std::vector<Proxy<Counter>>& held, const std::string& verb, const std::string& actor) try {
  if (verb == "find") {
    held.push_back(runtime.lookup<Counter>(actor));
    return say(std::to_string(held.back().call<&Counter::add>(5).get()));
  }
  held.push_back(spawn(runtime, verb, actor));
  say(std::to_string(held.back().call<&Counter::pid>().get()));
  if (verb == "hang") held.back().tell<&Counter::hang>();
} catch (const IncompatibleInterface& error) {
  say(fmt::format("IncompatibleInterface: {}", error.what()));
} catch (const std::exception& error) {
  say(fmt::format("error: {}", error.what()));
}

}  // namespace

int be_client(const std::string& manager, const std::vector<std::string>& task) try {
  auto runtime = Runtime::connect(manager);
  std::vector<Proxy<Counter>> held;
  for (std::size_t i = 0; i + 1 < task.size(); i += 2) take_step(runtime, held, task[i], task[i + 1]);
  while (std::getchar() != EOF) continue;
  const bool is_one_stuck = !task.empty() && task[0] == "hang";
  const auto report = runtime.shutdown(is_one_stuck ? std::chrono::milliseconds(1) : std::chrono::minutes(1));
  say(fmt::format("killed {}", report.killed.size()));
  return 0;
} catch (const std::exception& error) {
  say(fmt::format("error: {}", error.what()));
  return 1;
}

}  // namespace troupe::test
