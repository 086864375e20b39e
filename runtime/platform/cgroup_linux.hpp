// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <vector>

// Used by *_linux.cpp only.
namespace troupe::platform {

// The directories of a process's control groups that may limit `controller`: its own, and those around it, of both
// versions. They need not exist: a container sees names from outside. `list`: where the kernel says which.
std::vector<std::string> control_groups(const std::string& controller, const std::string& list = "/proc/self/cgroup");

// The first number in a file; `otherwise` when there is none ("max"), or no file.
double number_in(const std::string& path, double otherwise);

}  // namespace troupe::platform
