// SPDX-License-Identifier: BSL-1.0
#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include "actors.hpp"
#include "base/quoted_name.hpp"
#include "client/session.hpp"
#include "command.hpp"
#include "managers.hpp"
#include "table.hpp"

namespace troupe::command {

namespace {

constexpr std::chrono::milliseconds kLookAgain(100);

struct Options {
  std::shared_ptr<ManagerOption> manager;
  std::string name;
  std::uint64_t lines = wire::ReadOutput::kAll;
  bool follows = false;
};

// Behind what was printed before it.
void say_lost(const std::string& what) {
  std::fflush(stdout);
  say(what);
}

// `expected`: the number of the first line; 0: whichever is kept.
void print_lines(const wire::KeptOutput& part, std::uint64_t expected) {
  for (const wire::KeptLine& each : part.lines) {
    if (expected != 0 && each.number > expected)
      say_lost(fmt::format("here {} lines are missing: the manager keeps the last ones only", each.number - expected));
    expected = each.number + 1;
    if (each.lost_bytes != 0) {
      say_lost(fmt::format("here {} bytes are missing: it printed faster than the manager reads", each.lost_bytes));
    } else {
      fmt::print("{}\n", shown_lines(each.text));
    }
  }
  std::fflush(stdout);
}

// Nobody of that name, or one whose output nobody has.
void check(Runtime& runtime, const std::string& name, const wire::KeptOutput& output) {
  if (output.actor == ActorId()) {
    info_of(runtime, name);
    throw Failure(ExitCode::failed, fmt::format("{} has come up just now: try again", detail::quoted_name(name)));
  }
  if (!output.is_captured)
    throw Failure(
        ExitCode::failed,
        fmt::format("what {} prints goes where its program's output goes; the manager keeps it where it is spawned with "
                    "SpawnOptions::stdio = Stdio::capture",
                    detail::quoted_name(name)));
}

// A part at a time; while it is followed, until the actor has ended.
ExitCode logs(const Options& options) {
  Runtime runtime = options.manager->connect();
  const auto session = detail::RuntimeAccess::session(runtime);
  auto part = session->read_output({.name = options.name, .last = options.lines});
  check(runtime, options.name, part);
  const ActorId actor = part.actor;
  print_lines(part, 0);
  while (part.more || (options.follows && !part.has_ended)) {
    if (!part.more) std::this_thread::sleep_for(kLookAgain);
    const std::uint64_t after = part.through;
    part = session->read_output({.name = options.name, .actor = actor, .after = after});
    print_lines(part, after + 1);
  }
  if (options.follows) say(fmt::format("{} has ended; see actor-host down", detail::quoted_name(options.name)));
  return ExitCode::done;
}

}  // namespace

void add_logs(const CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = add_command(line, "logs", "Shows what a captured actor has printed of late, to stdout and stderr.",
                                        "actor-host logs counter -f --lines 20", [options] { return logs(*options); });
  options->manager = ManagerOption::add_to(*command);
  command->add_option("NAME", options->name, "The actor's name")->required();
  command->add_flag("-f,--follow", options->follows, "Goes on with what it prints, until it ends");
  command->add_option("-n,--lines", options->lines,
                      "So many lines, from the end; absent: all that the manager keeps (1000, 128 KiB)");
}

}  // namespace troupe::command
