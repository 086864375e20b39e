// SPDX-License-Identifier: BSL-1.0
#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors.hpp"
#include "base/exit_text.hpp"
#include "command.hpp"
#include "managers.hpp"
#include "table.hpp"

namespace troupe::command {

namespace {

using Seconds = std::chrono::duration<double>;

struct Options {
  std::shared_ptr<ManagerOption> manager;
  std::vector<std::string> names;
  double grace = 5;
};

struct Target {
  std::string name;
  detail::LinkHandle link;
};

// All of them are there, or nothing happens to any.
std::vector<Target> targets_of(Runtime& runtime, const std::vector<std::string>& names) {
  std::vector<Target> targets;
  for (const std::string& each : names) targets.push_back({each, find_actor(runtime, each)});
  return targets;
}

void report_end(const Target& target) {
  const std::optional<ExitStatus> status = detail::link_wait(target.link, Timeout());
  fmt::print("{}: its process {}\n", shown(target.name), status ? detail::text_of_end(*status) : "has ended");
}

ExitCode stop(const Options& options, Timeout grace) {
  Runtime runtime = options.manager->connect();
  const auto targets = targets_of(runtime, options.names);
  for (const Target& each : targets) detail::link_stop(each.link, grace);
  for (const Target& each : targets) report_end(each);
  return ExitCode::done;
}

ExitCode kill(const Options& options) {
  Runtime runtime = options.manager->connect();
  const auto targets = targets_of(runtime, options.names);
  for (const Target& each : targets) detail::link_kill(each.link);
  for (const Target& each : targets) report_end(each);
  return ExitCode::done;
}

void add_targets(CLI::App& command, Options& options) {
  options.manager = ManagerOption::add_to(command);
  command.add_option("NAME", options.names, "Names of actors")->required();
}

}  // namespace

void add_stop(const CommandLine& line) {
  constexpr double kLongestGrace = 24 * 3600;
  const auto options = std::make_shared<Options>();
  CLI::App* const command = add_command(
      line, "stop", "Lets actors finish what they were sent, destroys them, and waits for the end of their processes.",
      "actor-host stop counter --grace 30",
      [options] { return stop(*options, std::chrono::duration_cast<std::chrono::nanoseconds>(Seconds(options->grace))); });
  add_targets(*command, *options);
  command->add_option("--grace", options->grace, "Seconds that they have; then they are killed")
      ->check(seconds_between(0, kLongestGrace))
      ->capture_default_str();
}

void add_drain(const CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command =
      add_command(line, "drain", "As stop, however long it takes: actors take nothing more, and finish all that they were sent.",
                  "actor-host drain counter && echo all of it is done", [options] { return stop(*options, Timeout()); });
  add_targets(*command, *options);
}

void add_kill(const CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command =
      add_command(line, "kill", "Ends the processes of actors at once; their restart policies do not bring them back.",
                  "actor-host kill counter", [options] { return kill(*options); });
  add_targets(*command, *options);
}

}  // namespace troupe::command
