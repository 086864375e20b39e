// SPDX-License-Identifier: BSL-1.0
#include "testing/seen_process.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <system_error>
#include <utility>

namespace troupe::testing {

namespace fs = std::filesystem;

std::string SeenProcess::text() const { return fmt::format("{} ({}, {}, child of {})", pid, name, state, parent); }

int own_pid() { return std::stoi(fs::read_symlink("/proc/self").string()); }

namespace {

// "pid (name) state parent …"; the name may hold anything. Read as formatted input, which ends, where a stream's buffer would
// throw, when the process goes between the opening of its file and the reading.
std::optional<SeenProcess> look_at(int pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string stat;
  std::getline(file, stat, '\0');
  const auto begin = stat.find('(');
  const auto end = stat.rfind(')');
  if (begin == std::string::npos || end == std::string::npos || end + 4 >= stat.size()) return std::nullopt;
  return SeenProcess{pid, std::atoi(stat.c_str() + end + 4), stat.substr(begin + 1, end - begin - 1), stat[end + 2]};
}

// Of a directory in /proc, among other things.
int number_in(const fs::path& path) { return std::atoi(path.filename().c_str()); }

}  // namespace

std::optional<SeenProcess> look_at(int pid, int parent) {
  auto seen = look_at(pid);
  if (seen) seen->parent = parent;
  return seen;
}

std::vector<SeenProcess> children_of(int pid) {
  std::vector<SeenProcess> found;
  std::error_code gone;
  for (fs::directory_iterator task(fmt::format("/proc/{}/task", pid), gone); !gone && task != fs::directory_iterator();
       task.increment(gone)) {
    std::ifstream children(task->path() / "children");
    for (int child = 0; children >> child;) {
      if (auto seen = look_at(child, pid)) found.push_back(std::move(*seen));
    }
  }
  return found;
}

std::vector<SeenProcess> descendants_of(int pid) {
  std::vector<SeenProcess> found = children_of(pid);
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (auto& child : children_of(found[i].pid)) found.push_back(std::move(child));
  }
  return found;
}

std::vector<SeenProcess> all_descendants_of(int pid) {
  std::multimap<int, SeenProcess> by_parent;
  std::error_code gone;
  for (fs::directory_iterator each("/proc", gone); !gone && each != fs::directory_iterator(); each.increment(gone)) {
    if (const int number = number_in(each->path()); number != 0) {
      if (auto seen = look_at(number)) by_parent.emplace(seen->parent, std::move(*seen));
    }
  }
  std::vector<SeenProcess> found;
  const auto add_children_of = [&](int parent) {
    const auto [first, last] = by_parent.equal_range(parent);
    for (auto each = first; each != last; ++each) found.push_back(each->second);
  };
  add_children_of(pid);
  for (std::size_t i = 0; i < found.size(); ++i) add_children_of(found[i].pid);  // NOLINT(modernize-loop-convert): it grows
  return found;
}

std::vector<SeenProcess> descendants() { return descendants_of(own_pid()); }

bool has_stopped(int pid) {
  const fs::directory_iterator threads(fmt::format("/proc/{}/task", pid));
  return std::all_of(begin(threads), end(threads), [](const fs::directory_entry& thread) {
    const auto seen = look_at(std::stoi(thread.path().filename()), 0);
    return seen && seen->state == 'T';
  });
}

std::string text_of(const std::vector<SeenProcess>& processes) {
  std::string text;
  for (const auto& each : processes) text += (text.empty() ? "" : ", ") + each.text();
  return text;
}

}  // namespace troupe::testing
