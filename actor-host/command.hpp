// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <CLI/App.hpp>

#include <functional>
#include <string>

#include "exit_code.hpp"

// The commands. Each has a file of its own, adds itself to the command line, and leaves what it does for when that has been read.
namespace troupe::command {

// What main does in the end. Errors: Failure; those of the library.
using Action = std::function<ExitCode()>;

// `chosen` is set to the action of the command that the command line names.
struct CommandLine {
  CLI::App& app;
  Action& chosen;
};

// A command that does `action` with what its options have been set to. `example` is a line of a shell, shown by --help.
CLI::App* add_command(const CommandLine& line, const std::string& name, const std::string& description,
                      const std::string& example, Action action);

// A check of an option that is a number of seconds: from `least` to `most`; NaN is none.
std::function<std::string(const std::string&)> seconds_between(double least, double most);

void add_serve(const CommandLine& line);
void add_run(const CommandLine& line);
void add_ps(const CommandLine& line);
void add_top(const CommandLine& line);
void add_tree(const CommandLine& line);
void add_stack(const CommandLine& line);
void add_call(const CommandLine& line);
void add_tell(const CommandLine& line);
void add_down(const CommandLine& line);
void add_logs(const CommandLine& line);
void add_restart(const CommandLine& line);
void add_stop(const CommandLine& line);
void add_drain(const CommandLine& line);
void add_kill(const CommandLine& line);
void add_metrics(const CommandLine& line);
void add_doctor(const CommandLine& line);
void add_completion(const CommandLine& line);

}  // namespace troupe::command
