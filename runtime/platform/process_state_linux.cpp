// SPDX-License-Identifier: BSL-1.0
#include "platform/process_state.hpp"

#include <fstream>
#include <string>

namespace troupe::platform {

// By its number, which is its own until it is reaped. See proc(5).
ProcessState state_of(const Process& child) {
  ProcessState state;
  std::ifstream file("/proc/" + std::to_string(child.pid()) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("State:\t")) state.is_stopped = line[7] == 'T' || line[7] == 't';
    if (line.starts_with("TracerPid:\t")) state.is_traced = line != "TracerPid:\t0";
  }
  return state;
}

}  // namespace troupe::platform
