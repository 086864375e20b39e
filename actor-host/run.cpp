// SPDX-License-Identifier: BSL-1.0
#include <troupe/error.hpp>
#include <troupe/runtime.hpp>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <vector>

#include "command.hpp"
#include "json_arguments.hpp"
#include "managers.hpp"
#include "table.hpp"

namespace troupe::command {

namespace {

// Whatever the module has: this program knows no class of it.
struct AnyActor {};

struct Options {
  std::shared_ptr<ManagerOption> manager;
  SpawnOptions spawn;
  unsigned restarts = 0;
  std::vector<std::string> arguments;
};

// As a compiler spells a class in typeid's names, so that it is readable where actors are looked at.
std::string type_of(const std::string& actor) { return fmt::format("{}{}", actor.size(), actor); }

Proxy<AnyActor> start(Runtime& runtime, const Options& options) {
  const std::string type = type_of(options.spawn.actor);
  auto* cell = new detail::TypedCell<Proxy<AnyActor>>(1);
  const AsyncResult<Proxy<AnyActor>> result = detail::ResultAccess::adopt(cell);
  detail::SpawnOrder order{{nullptr, type.c_str(), nullptr}, options.spawn, {}};
  detail::GrowingBuffer arguments;
  detail::encode(arguments, options.arguments);
  order.arguments = arguments.bytes();
  detail::spawn_into(*detail::RuntimeAccess::session(runtime), order, *cell);
  try {
    return result.get();
  } catch (const RemoteError& error) {  // whatever its type means here
    throw Failure(ExitCode::failed,
                  fmt::format("the constructor of {} threw {}: {}", options.spawn.actor, error.type_name(), error.text()));
  }
}

ExitCode run(Options options) {
  check_json(options.arguments);
  if (options.spawn.name.empty()) options.spawn.name = options.spawn.actor;
  options.spawn.lifetime = Lifetime::detached;
  if (options.restarts != 0) options.spawn.restart = {.max = options.restarts};
  Runtime runtime = options.manager->connect();
  const auto actor = start(runtime, options);
  fmt::print("{} runs in process {}\n", shown(options.spawn.name), actor.pid());
  return ExitCode::done;
}

}  // namespace

void add_run(const CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = add_command(
      line, "run",
      "Starts an actor that a module holds, in a process of its own; it lives until it is stopped, or its manager is.",
      "actor-host run --module ./libcounter.so --actor Counter --name counter -- 10", [options] { return run(*options); });
  options->manager = ManagerOption::add_to(*command);
  command->add_option("--module", options->spawn.module, "A shared library with TROUPE_MODULE(…)")->required();
  command->add_option("--actor", options->spawn.actor, "What the module calls its class")->required();
  command->add_option("--name", options->spawn.name, "What it is to be called; the class's name if it is not said");
  command->add_option("--restarts", options->restarts, "How often it is restarted after crashes, within 30 seconds")
      ->capture_default_str();
  command->add_option("JSON", options->arguments, "The constructor's arguments, each a JSON text, after --");
}

}  // namespace troupe::command
