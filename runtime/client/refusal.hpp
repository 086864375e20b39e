// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/exit_status.hpp>

#include <exception>
#include <string>

#include "wire/control.hpp"

namespace troupe::client {

// The error that a refusal of the manager's becomes for the user who asked for `what`.
std::exception_ptr error_of(const wire::Failure& failure, const std::string& what);

// Inside a catch block: what is being handled; a SerializationError's text begins with `what`.
std::exception_ptr current_error_of(const std::string& what);

// "killed by signal 11", "exit code 3"
std::string text_of(const ExitStatus& status);

}  // namespace troupe::client
