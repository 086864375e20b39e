// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

#include "exit_code.hpp"

namespace troupe::command {

// Before anything is sent. Errors: Failure that names the first that is no JSON.
inline void check_json(const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (nlohmann::json::accept(arguments[i])) continue;
    throw Failure(
        ExitCode::misused,
        fmt::format("argument {} is no JSON: {}; text is written as '\"text\"', with both kinds of quotes", i + 1, arguments[i]));
  }
}

}  // namespace troupe::command
