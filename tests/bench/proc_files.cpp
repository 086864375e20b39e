// SPDX-License-Identifier: BSL-1.0
#include "proc_files.hpp"

#include <fmt/core.h>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace troupe::bench {

namespace {

std::ifstream open_file_of(pid_t pid, std::string_view name) {
  std::ifstream file(fmt::format("/proc/{}/{}", pid, name));
  if (!file) throw std::runtime_error(fmt::format("there is no /proc/{}/{}", pid, name));
  return file;
}

std::vector<pid_t> all_processes() {
  std::vector<pid_t> pids;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    pid_t pid = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (parsed.ec == std::errc() && *parsed.ptr == '\0') pids.push_back(pid);
  }
  return pids;
}

// mincore speaks of the file's pages, not of who has mapped them.
std::uint64_t committed_bytes(std::uintptr_t begin, std::uintptr_t end) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> pages((end - begin) / page);
  if (::mincore(reinterpret_cast<void*>(begin), end - begin, pages.data()) != 0) return 0;  // it has just been unmapped
  return page *
         static_cast<std::uint64_t>(std::ranges::count_if(pages, [](unsigned char page_state) { return (page_state & 1) != 0; }));
}

}  // namespace

pid_t parent_of(pid_t pid) {
  auto file = open_file_of(pid, "status");
  for (std::string word; file >> word;) {
    pid_t parent = 0;
    if (word == "PPid:" && file >> parent) return parent;
  }
  throw std::runtime_error("no PPid in /proc/PID/status");
}

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> children;
  for (const pid_t candidate : all_processes()) {
    try {
      if (parent_of(candidate) == pid) children.push_back(candidate);
    } catch (const std::runtime_error&) {  // it has just ended
    }
  }
  return children;
}

bool has_thread_named(pid_t process, std::string_view name) {
  for (const auto& thread : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", process))) {
    std::ifstream file(thread.path() / "comm");
    std::string line;
    if (std::getline(file, line) && line == name) return true;
  }
  return false;
}

std::chrono::nanoseconds processor_time_of(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (const int error = ::clock_getcpuclockid(pid, &clock))
    throw std::system_error(error, std::generic_category(), "clock_getcpuclockid");
  if (::clock_gettime(clock, &time) != 0) throw std::system_error(errno, std::generic_category(), "clock_gettime");
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::uint64_t proportional_bytes_of(pid_t pid) {
  auto file = open_file_of(pid, "smaps_rollup");
  for (std::string word; file >> word;) {
    std::uint64_t kib = 0;
    if (word == "Pss:" && file >> kib) return kib * 1024;
  }
  throw std::runtime_error("no Pss in /proc/PID/smaps_rollup");
}

MemoryFiles own_memory_files() {
  MemoryFiles files;
  auto maps = open_file_of(::getpid(), "maps");
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    std::uint64_t offset = 0;
    std::uint64_t inode = 0;
    char name[32] = {};
    const int fields = std::sscanf(line.c_str(), "%lx-%lx %*s %lx %*s %lu %31s", &begin, &end, &offset, &inode, name);
    if (fields == 5 && std::string_view(name).starts_with("/memfd:")) files[{inode, offset}] = committed_bytes(begin, end);
  }
  return files;
}

}  // namespace troupe::bench
