// SPDX-License-Identifier: BSL-1.0
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "actors.hpp"
#include "command.hpp"
#include "managers.hpp"
#include "table.hpp"

namespace troupe::command {

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::shared_ptr<ManagerOption> manager;
  bool as_json = false;
  double interval = 0.2;
};

struct Row {
  ActorInfo actor;
  double calls_per_second = 0;
};

// Looks twice, for the rates. One that has begun a new life between has handled nothing before.
std::vector<Row> look_twice(Runtime& runtime, double interval) {
  std::map<std::uint64_t, ActorInfo> before;
  const auto begin = Clock::now();
  for (ActorInfo& each : runtime.actors()) before.emplace(each.id.value, std::move(each));
  std::this_thread::sleep_for(std::chrono::duration<double>(interval));
  const double span = std::chrono::duration<double>(Clock::now() - begin).count();
  std::vector<Row> rows;
  for (ActorInfo& each : runtime.actors()) {
    const auto former = before.find(each.id.value);
    const bool is_same_life = former != before.end() && former->second.incarnation == each.incarnation;
    const std::uint64_t handled = is_same_life ? each.calls_handled - former->second.calls_handled : each.calls_handled;
    rows.push_back({std::move(each), static_cast<double>(handled) / span});
  }
  return rows;
}

void print_json(const std::vector<Row>& rows) {
  auto list = nlohmann::ordered_json::array();
  for (const Row& each : rows) {
    list.push_back(json_of(each.actor));
    list.back()["calls_per_second"] = each.calls_per_second;
  }
  print(list);
}

void print_table(const std::vector<Row>& rows) {
  using enum Table::Align;
  Table table({{"ID", right},
               {"NAME"},
               {"TYPE"},
               {"PID", right},
               {"STATE"},
               {"LIFE", right},
               {"DEPTH", right},
               {"CALLS", right},
               {"CALLS/S", right},
               {"MEMORY", right},
               {"RESTARTS", right},
               {"RUNNING"}});
  for (const auto& [actor, rate] : rows) {
    const std::string running =
        actor.running.empty() ? "-" : fmt::format("{} since {}", shown(actor.running), time_text(actor.running_for));
    table.add({fmt::to_string(actor.id.value), actor.name.empty() ? "-" : shown(actor.name), shown(actor.type),
               fmt::to_string(actor.pid), text_of(actor.state), fmt::to_string(actor.incarnation),
               fmt::to_string(actor.mailbox_depth), fmt::to_string(actor.calls_handled), fmt::format("{:.0f}", rate),
               bytes_text(actor.memory), fmt::to_string(actor.restarts), running});
  }
  fmt::print("{}", table.text(is_coloured()));
}

ExitCode ps(const Options& options) {
  Runtime runtime = options.manager->connect();
  const auto rows = look_twice(runtime, options.interval);
  options.as_json ? print_json(rows) : print_table(rows);
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
