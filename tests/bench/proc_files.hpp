// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

// What the kernel knows about processes.
namespace troupe::bench {

pid_t parent_of(pid_t pid);
std::vector<pid_t> children_of(pid_t pid);

// By the name that a thread was given, at most 15 characters.
bool has_thread_named(pid_t process, std::string_view name);

// User and system time of all its threads so far, ended ones too.
std::chrono::nanoseconds processor_time_of(pid_t pid);

// Its share of the memory that it has in use (PSS), in bytes.
std::uint64_t proportional_bytes_of(pid_t pid);

// The memory files (memfd) that a process has mapped: bytes committed to each, by inode. Errors: std::system_error without
// the right to look (CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE).
using MemoryFiles = std::map<ino_t, std::uint64_t>;
MemoryFiles memory_files_of(pid_t pid);

}  // namespace troupe::bench
