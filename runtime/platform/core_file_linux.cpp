// SPDX-License-Identifier: BSL-1.0
#include "platform/core_file.hpp"

#include <fmt/core.h>
#include <glob.h>
#include <sys/stat.h>

#include <fstream>
#include <optional>

namespace troupe::platform {
namespace {

std::string line_in(const char* path) {
  std::string line;
  std::getline(std::ifstream(path), line);
  return line;
}

// What is special to glob(7) stands for itself.
void add_literally(std::string& name, char character) {
  if (std::string_view("*?[\\").find(character) != std::string_view::npos) name += '\\';
  name += character;
}

// Of the moment, of the host, of the thread; of the process what it may have changed itself. An unknown one stands for nothing.
std::string_view unknowable(char specifier) {
  constexpr std::string_view kKnownToTheKernel = "cdeEFgGhiIPtu";
  return kKnownToTheKernel.find(specifier) != std::string_view::npos ? "*" : "";
}

using Clock = std::chrono::system_clock;

// Files carry the time of the kernel's last tick.
constexpr std::chrono::seconds kTick(1);

std::optional<Clock::time_point> core_time(const char* path) {
  struct stat found {};
  if (::stat(path, &found) != 0 || !S_ISREG(found.st_mode) || found.st_size == 0) return std::nullopt;
  const auto since_epoch = std::chrono::seconds(found.st_mtim.tv_sec) + std::chrono::nanoseconds(found.st_mtim.tv_nsec);
  return Clock::time_point(std::chrono::duration_cast<Clock::duration>(since_epoch));
}

// The newest one that it can be.
std::string newest(const std::string& name, Clock::time_point not_before, Clock::time_point not_after) {
  glob_t found{};
  std::string path;
  if (::glob(name.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) {
      const auto time = core_time(found.gl_pathv[i]);
      if (!time || *time + kTick < not_before || *time - kTick > not_after) continue;
      not_before = *time + kTick;
      path = found.gl_pathv[i];
    }
  }
  ::globfree(&found);
  return path;
}

std::string literally(const std::string& text) {
  std::string name;
  for (const char each : text) add_literally(name, each);
  return name;
}

}  // namespace

std::string core_name(std::string_view core_pattern, bool adds_pid, int pid, int signal) {
  std::string name;
  for (std::size_t i = 0; i < core_pattern.size(); ++i) {
    if (core_pattern[i] != '%') {
      add_literally(name, core_pattern[i]);
      continue;
    }
    if (++i == core_pattern.size()) break;
    const char specifier = core_pattern[i];
    if (specifier == 'p') {
      name += std::to_string(pid);
      adds_pid = false;
    } else if (specifier == 's') {
      name += std::to_string(signal);
    } else {
      name += specifier == '%' ? "%" : unknowable(specifier);
    }
  }
  return adds_pid ? fmt::format("{}.{}", name, pid) : name;
}

CoreFound find_core(const Dumped& dumped) {
  const std::string pattern = line_in("/proc/sys/kernel/core_pattern");
  if (pattern.starts_with('|')) return {{}, "its core was given to " + pattern.substr(1, pattern.find(' ') - 1)};
  std::string name = core_name(pattern, line_in("/proc/sys/kernel/core_uses_pid") != "0", dumped.pid, dumped.signal);
  if (!name.starts_with('/')) name = literally(dumped.directory) + "/" + name;
  const std::string path = newest(name, dumped.not_before, dumped.not_after);
  if (!path.empty()) return {path, {}};
  return {{}, fmt::format("a core was written, and is not found (core_pattern is \"{}\")", pattern)};
}

}  // namespace troupe::platform
