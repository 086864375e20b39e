// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace troupe::platform {

// A process that has ended with a core written, as the kernel says.
struct Dumped {
  int pid = 0;
  int signal = 0;
  std::string directory;                             // that it was in
  std::chrono::system_clock::time_point not_before;  // it was alive
  std::chrono::system_clock::time_point not_after;   // it had ended
};

struct CoreFound {
  std::string path;    // of the file; empty: there is none, or it was not found
  std::string remark;  // for people, where there is no path
};

// Where that is, by what the kernel was told to do with cores (/proc/sys/kernel/core_pattern). A file is believed to be it when
// its name is possible and its age, too.
// Blocks: for that file system; it may be one of a network, and hang.
CoreFound find_core(const Dumped& dumped);

// The name that core(5) makes of a pattern, as a pattern of glob(7): what depends on what nobody knows afterwards is a `*`.
// `adds_pid`: /proc/sys/kernel/core_uses_pid. Pure.
std::string core_name(std::string_view core_pattern, bool adds_pid, int pid, int signal);

}  // namespace troupe::platform
