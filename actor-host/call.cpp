// SPDX-License-Identifier: BSL-1.0
#include <troupe/detail/module_table.hpp>
#include <troupe/error.hpp>
#include <troupe/proxy.hpp>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors.hpp"
#include "command.hpp"
#include "json_arguments.hpp"
#include "managers.hpp"
#include "table.hpp"

namespace troupe::command {

namespace {

struct Options {
  std::shared_ptr<ManagerOption> manager;
  std::string name;
  std::string method;
  std::vector<std::string> arguments;
  std::optional<double> timeout;
};

// So that nothing of the caller's runs when the actor has not been found, or an argument is no JSON.
detail::LinkHandle target_of(Runtime& runtime, const Options& options) {
  check_json(options.arguments);
  return find_actor(runtime, options.name);
}

// What the actor's class has no method, or no such arguments, for is the command line's fault.
std::string answer_of(const detail::LinkHandle& link, const Options& options) try {
  CallOptions call;
  if (options.timeout)
    call.deadline = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(*options.timeout));
  return detail::send_call<std::string>(detail::checked(link), detail::by_name_node(), &call, options.method, options.arguments)
      .get();
} catch (const SerializationError& error) {
  if (error.direction() == Direction::result) throw;  // it ran
  throw Failure(ExitCode::misused, error.what());
} catch (const IncompatibleInterface&) {
  throw Failure(ExitCode::misused,
                fmt::format("{} is of no module, and cannot be called by name: see actor-host run --help", options.name));
}

ExitCode call(const Options& options) {
  Runtime runtime = options.manager->connect();
  const auto link = target_of(runtime, options);
  try {
    fmt::print("{}\n", answer_of(link, options));
  } catch (const RemoteError& error) {  // whatever its type means here
    throw Failure(ExitCode::failed,
                  fmt::format("{} of {} threw {}: {}", options.method, options.name, error.type_name(), error.text()));
  }
  return ExitCode::done;
}

// Sent as a call: of a one-way message with wrong arguments nobody would hear, and what nobody has taken goes with this program.
ExitCode tell(const Options& options) {
  Runtime runtime = options.manager->connect();
  try {
    answer_of(target_of(runtime, options), options);
  } catch (const RemoteError&) {         // it ran, and threw
  } catch (const SerializationError&) {  // it ran, and its result has no form in JSON
  }
  return ExitCode::done;
}

void add_target(CLI::App& command, Options& options, const std::string& method, bool is_required) {
  options.manager = ManagerOption::add_to(command);
  command.add_option("NAME", options.name, "The actor's name")->required();
  command.add_option("METHOD", options.method, method)->required(is_required);
  command.add_option("JSON", options.arguments, "The arguments, each a JSON text: 5, '\"text\"', '[1, 2]'");
}

}  // namespace

void add_call(const CommandLine& line) {
  constexpr double kLongest = 365.0 * 24 * 3600;
  const auto options = std::make_shared<Options>();
  CLI::App* const command = add_command(line, "call", "Calls a method of a module's actor, and prints its result as JSON.",
                                        "actor-host call counter add 5", [options] { return call(*options); });
  add_target(*command, *options, "As the module calls it; none: prints the signatures of all", false);
  command->add_option("--timeout", options->timeout, "Seconds that the call may take; the actor's own deadline if it is not said")
      ->check(seconds_between(0, kLongest));
}

void add_tell(const CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = add_command(
      line, "tell", "As call, for what matters only in that it has run: nothing is printed, whatever it returns or throws.",
      "actor-host tell counter add 5", [options] { return tell(*options); });
  add_target(*command, *options, "As the module calls it", true);
}

}  // namespace troupe::command
