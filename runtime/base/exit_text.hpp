// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/exit_status.hpp>

#include <string>

// For people.
namespace troupe::detail {

std::string signal_text(int signal);  // "signal 11 (SIGSEGV)"
std::string text_of_end(
    const ExitStatus& status);  // what a process did: "was killed by signal 11 (SIGSEGV)", "exited with code 7"

// What ran in it: "while Counter::add ran", "while the constructor of Counter ran".
std::string text_of_running(const std::string& method);

}  // namespace troupe::detail
