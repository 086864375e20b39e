// SPDX-License-Identifier: BSL-1.0
// The command line of the runtime: starts named managers, looks into them, drives their actors.
#include <troupe/guard.hpp>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "command.hpp"
#include "table.hpp"
#include "watcher.hpp"
#include "wire/library.hpp"

namespace troupe::command {
namespace {

constexpr const char* kExitCodes =
    "Exit codes: 0 done; 1 failed; 2 the command line is wrong; 3 no such manager; 4 no such actor.\n"
    "Environment: TROUPE_MANAGER  the manager that is meant where --manager does not say so.";

void add_commands(const CommandLine& line) {
  add_serve(line);
  add_run(line);
  add_ps(line);
  add_top(line);
  add_tree(line);
  add_stack(line);
  add_call(line);
  add_tell(line);
  add_down(line);
  add_logs(line);
  add_restart(line);
  add_stop(line);
  add_drain(line);
  add_kill(line);
  add_metrics(line);
  add_doctor(line);
  add_completion(line);
}

ExitCode carry_out(const Action& action) try { return action(); } catch (const Failure& failure) {
  say(failure.what());
  return failure.code();
} catch (const std::invalid_argument& error) {
  say(error.what());
  return ExitCode::misused;
} catch (const std::exception& error) {
  say(error.what());
  return ExitCode::failed;
}

// Of what CLI11 has to say: help and versions are no failures.
ExitCode report(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error) == 0 ? ExitCode::done : ExitCode::failed;
  say(fmt::format("{}; see actor-host --help", error.what()));
  return ExitCode::misused;
}

// To CLI11 "[1, 2]" is a row of arguments, and here it is one, in JSON: there a space before it means nothing.
std::vector<std::string> with_brackets_kept(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  for (std::string& word : words) {
    if (word.starts_with('[')) word.insert(0, " ");
  }
  std::ranges::reverse(words);  // as CLI11 wants them
  return words;
}

int run(int argc, char** argv) {
  CLI::App app("Starts managers of actors, looks into them, and drives their actors.", "actor-host");
  Action chosen;
  app.require_subcommand(0, 1);  // so that what is no command is told from none at all
  app.set_version_flag("--version", wire::kLibraryVersion);
  app.footer(kExitCodes);
  add_commands({app, chosen});
  try {
    app.parse(argc > 0 ? with_brackets_kept(argc, argv) : std::vector<std::string>());
  } catch (const CLI::ParseError& error) {
    return static_cast<int>(report(app, error));
  }
  if (!chosen) chosen = []() -> ExitCode { throw Failure(ExitCode::misused, "no command was given; see actor-host --help"); };
  const ExitCode code = carry_out(chosen);
  const bool is_said = std::fflush(stdout) == 0;
  if (!is_said) say("what it had to say could not be written");
  const int status = static_cast<int>(is_said ? code : ExitCode::failed);
  if (Watcher::has_left_thread()) std::_Exit(status);
  return status;
}

}  // namespace

void say(const std::string& text) noexcept try { fmt::print(stderr, "actor-host: {}\n", shown(text)); } catch (...) {
}

std::function<std::string(const std::string&)> seconds_between(double least, double most) {
  return [least, most](const std::string& text) -> std::string {
    double value = 0;
    const bool is_good = CLI::detail::lexical_cast(text, value) && value >= least && value <= most;
    return is_good ? "" : fmt::format("{} is no number of seconds from {} to {}", text, least, most);
  };
}

CLI::App* add_command(const CommandLine& line, const std::string& name, const std::string& description,
                      const std::string& example, Action action) {
  CLI::App* const command = line.app.add_subcommand(name, description);
  command->footer("Example: " + example);
  command->callback([&chosen = line.chosen, action = std::move(action)] { chosen = action; });
  return command;
}

}  // namespace troupe::command

int main(int argc, char** argv) {
  troupe::main_guard(argc, argv);
  return troupe::command::run(argc, argv);
}
