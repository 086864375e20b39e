// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "platform/handle.hpp"

namespace troupe::platform {

// One object file that is mapped into this process: the executable (first) or a shared library.
struct LoadedModule {
  std::string path;
  std::string build_id;      // lower-case hex; empty when the linker wrote none
  std::uintptr_t begin = 0;  // address range of its segments
  std::uintptr_t end = 0;
};

// In load order; the executable first, under its real path.
std::vector<LoadedModule> loaded_modules();

// The file this process runs, opened for executing again (also when its path has been replaced or removed since).
// Errors: StartError with path and reason.
Handle open_own_executable();
std::string own_executable_path();

}  // namespace troupe::platform
