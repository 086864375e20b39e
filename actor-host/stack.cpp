// SPDX-License-Identifier: BSL-1.0
#include "stack.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "actors.hpp"
#include "base/quoted_name.hpp"
#include "command.hpp"
#include "managers.hpp"
#include "platform/thread_stacks.hpp"
#include "table.hpp"

namespace troupe::command {

namespace {

struct Options {
  std::shared_ptr<ManagerOption> manager;
  std::string name;
  bool as_json = false;
};

struct Look {
  ActorInfo actor;
  std::vector<platform::ThreadStack> threads;
};

// Empty: it has ended since its number was learned.
platform::Process opened(int pid) try { return platform::Process::open(pid); } catch (const std::system_error&) {
  return {};
}

// The process's number is the actor's as long as the manager says so: what was opened between two such answers is the actor's.
Look look_at(Runtime& runtime, const std::string& name) {
  for (;;) {
    ActorInfo actor = info_of(runtime, name);
    if (actor.pid == 0)
      throw Failure(ExitCode::failed,
                    fmt::format("{} has no process now: it is {}", detail::quoted_name(name), command::text_of(actor.state)));
    const platform::Process process = opened(actor.pid);
    if (process && info_of(runtime, name).pid == actor.pid) return {std::move(actor), platform::thread_stacks_of(process)};
  }
}

std::string text_of(const Look& look) {
  const ActorInfo& actor = look.actor;
  const std::string doing = actor.running.empty()
                                ? "waits for calls"
                                : fmt::format("runs {} since {}", shown(actor.running), time_text(actor.running_for));
  std::string text = fmt::format("{} ({}), process {}, life {}: {}\n", shown(actor.name), shown(actor.type), actor.pid,
                                 actor.incarnation, doing);
  for (const platform::ThreadStack& each : look.threads) {
    text += fmt::format("thread {} ({})\n", each.id, shown(each.name));
    for (const std::string& frame : each.frames) text += fmt::format("  {}\n", shown(frame));
    if (each.frames.empty()) text += fmt::format("  nothing could be read: {}\n", each.gap);
  }
  return text;
}

nlohmann::ordered_json json_of(const Look& look) {
  auto json = command::json_of(look.actor);
  json["threads"] = nlohmann::ordered_json::array();
  for (const platform::ThreadStack& each : look.threads)
    json["threads"].push_back({{"id", each.id}, {"name", each.name}, {"frames", each.frames}});
  return json;
}

ExitCode show(const Options& options) {
  Runtime runtime = options.manager->connect();
  const Look look = look_at(runtime, options.name);
  if (options.as_json) {
    print(json_of(look));
  } else {
    fmt::print("{}", text_of(look));
  }
  return ExitCode::done;
}

}  // namespace

std::string stack_text(Runtime& runtime, const std::string& name) { return text_of(look_at(runtime, name)); }

void add_stack(const CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command =
      add_command(line, "stack", "Shows what all threads of an actor's process do now, also of one that hangs.",
                  "actor-host stack counter", [options] { return show(*options); });
  options->manager = ManagerOption::add_to(*command);
  command->add_option("NAME", options->name, "The actor's name")->required();
  command->add_flag("--json", options->as_json, "Prints an object: the actor, with its threads and their frames");
}

}  // namespace troupe::command
