// SPDX-License-Identifier: BSL-1.0
#include "managers.hpp"

#include <troupe/error.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <exception>
#include <vector>

#include "exit_code.hpp"
#include "platform/named_socket.hpp"

namespace troupe::command {

namespace {

std::string only_manager() {
  const std::vector<std::string> running = platform::named_managers().running;
  if (running.size() == 1) return running.front();
  if (running.empty()) throw Failure(ExitCode::no_manager, "no manager is running; start one: actor-host serve --name NAME");
  throw Failure(ExitCode::no_manager, fmt::format("several managers are running; say which one, as with --manager {} (or {})",
                                                  running.front(), fmt::join(running.begin() + 1, running.end(), ", ")));
}

// Where that cannot be told, it may be.
bool may_run(const std::string& name) try {
  const auto running = platform::named_managers().running;
  return std::ranges::find(running, name) != running.end();
} catch (const std::exception&) {
  return true;
}

}  // namespace

std::shared_ptr<ManagerOption> ManagerOption::add_to(CLI::App& command) {
  auto option = std::make_shared<ManagerOption>();
  command.add_option("-m,--manager", option->name_, "The manager's name; absent: the only one that is running")
      ->envname("TROUPE_MANAGER");
  return option;
}

Runtime ManagerOption::connect() const {
  const std::string name = name_.empty() ? only_manager() : name_;
  try {
    return Runtime::connect(name);
  } catch (const StartError& error) {
    throw Failure(may_run(name) ? ExitCode::failed : ExitCode::no_manager, error.what());
  }
}

}  // namespace troupe::command
