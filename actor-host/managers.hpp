// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/runtime.hpp>

#include <CLI/App.hpp>

#include <memory>
#include <string>

namespace troupe::command {

// Which named manager a command is about: --manager, else TROUPE_MANAGER, else the only one that is running.
class ManagerOption {
 public:
  // Adds it to the command. Ownership: the command's action has a copy of the result.
  static std::shared_ptr<ManagerOption> add_to(CLI::App& command);

  // Blocks: until the manager has answered. Errors: Failure.
  Runtime connect() const;

 private:
  std::string name_;
};

}  // namespace troupe::command
