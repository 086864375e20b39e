// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
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

// The parts of memory files (memfd) that this process has mapped: bytes committed, whoever touched or allocated them, by
// inode and offset.
using MemoryFiles = std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t>;
MemoryFiles own_memory_files();

}  // namespace troupe::bench
