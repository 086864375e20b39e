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

// Another program's file, opened for executing. Errors: std::system_error, with the path in its text.
Handle open_executable(const std::string& path);
// Of an ELF file of this process's word size, without loading it; empty when it has none, or is something else.
std::string build_id_of(const Handle& file);

// Loads a shared library for good, with all its symbols resolved and none of them given to others; runs its initialisers.
// Errors: StartError with the loader's reason: no such file, no shared library, a symbol that nobody has.
LoadedModule load_module(const std::string& path);
// The address of a symbol that this loaded module itself has; null where it has none.
void* symbol_of(const LoadedModule& module, const char* name);

}  // namespace troupe::platform
