// SPDX-License-Identifier: BSL-1.0
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "actor_rows.hpp"
#include "actors.hpp"
#include "command.hpp"
#include "managers.hpp"
#include "table.hpp"

namespace troupe::command {

namespace {

struct Options {
  std::shared_ptr<ManagerOption> manager;
  bool as_json = false;
  double interval = 0.2;
};

// Looks twice, for the rates.
std::vector<ActorRow> look_twice(Runtime& runtime, double interval) {
  ActorLooks looks;
  looks.look(runtime);
  std::this_thread::sleep_for(std::chrono::duration<double>(interval));
  return looks.look(runtime);
}

void print_json(const std::vector<ActorRow>& rows) {
  auto list = nlohmann::ordered_json::array();
  for (const ActorRow& each : rows) {
    list.push_back(json_of(each.actor));
    list.back()["calls_per_second"] = each.calls_per_second;
  }
  print(list);
}

ExitCode ps(const Options& options) {
  Runtime runtime = options.manager->connect();
  const auto rows = look_twice(runtime, options.interval);
  if (options.as_json) {
    print_json(rows);
  } else {
    fmt::print("{}", table_of(rows).text(is_coloured()));
  }
  return ExitCode::done;
}

}  // namespace

void add_ps(const CommandLine& line) {
  constexpr double kLongestInterval = 3600;
  const auto options = std::make_shared<Options>();
  CLI::App* const command =
      add_command(line, "ps", "Shows the actors of a manager, whoever spawned them.",
                  "actor-host ps --json | jq '.[] | select(.mailbox_depth > 100) | .name'", [options] { return ps(*options); });
  options->manager = ManagerOption::add_to(*command);
  command->add_flag("--json", options->as_json, "Prints an array of objects");
  command->add_option("--interval", options->interval, "Seconds over which calls are counted for their rate")
      ->check(seconds_between(0.01, kLongestInterval))
      ->capture_default_str();
}

}  // namespace troupe::command
