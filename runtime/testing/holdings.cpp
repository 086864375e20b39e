// SPDX-License-Identifier: BSL-1.0
#include <troupe/testing/holdings.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <string_view>
#include <system_error>
#include <thread>

#include "testing/seen_process.hpp"

namespace troupe::testing {

namespace {

namespace fs = std::filesystem;

// Calls f(name) for each entry; none where the directory is gone.
template <class F>
void for_each_in(const std::string& directory, F f) {
  std::error_code gone;
  for (fs::directory_iterator entry(directory, gone); !gone && entry != fs::directory_iterator(); entry.increment(gone))
    f(entry->path().filename().string());
}

std::vector<std::string> processes_below(int pid) {
  std::vector<std::string> found;
  for (const auto& each : all_descendants_of(pid))
    found.push_back(fmt::format("{} ({}{})", each.pid, each.name, each.state == 'Z' ? ", ended and not reaped" : ""));
  return found;
}

std::vector<std::string> threads_of(int pid) {
  std::vector<std::string> found;
  for_each_in(fmt::format("/proc/{}/task", pid), [&](const std::string& thread) {
    if (const auto seen = look_at(std::stoi(thread), pid)) found.push_back(fmt::format("{} ({})", thread, seen->name));
  });
  return found;
}

// Without the one that this looks through.
std::vector<std::string> handles_of(int pid) {
  const std::string directory = fmt::format("/proc/{}/fd", pid);
  std::vector<std::string> found;
  for_each_in(directory, [&](const std::string& number) {
    std::error_code closed;
    const std::string what = fs::read_symlink(fs::path(directory) / number, closed).string();
    if (!closed && what != directory) found.push_back(number + ": " + what);
  });
  return found;
}

// "begin-end permissions offset device inode   name"; by name and size, since the place may be another one next time.
std::vector<std::string> shared_mappings_of(int pid) {
  constexpr std::array kMemory = {"/memfd:", "/dev/shm/", "/SYSV", "/dev/zero"};
  std::vector<std::string> found;
  std::ifstream maps(fmt::format("/proc/{}/maps", pid));
  for (std::string line; std::getline(maps, line);) {
    const auto name = line.find('/');
    if (name == std::string::npos) continue;
    const bool is_memory = std::any_of(kMemory.begin(), kMemory.end(),
                                       [&](const char* kind) { return line.compare(name, std::strlen(kind), kind) == 0; });
    if (!is_memory) continue;
    char* rest = nullptr;
    const auto begin = std::strtoull(line.c_str(), &rest, 16);
    const auto end = std::strtoull(rest + 1, nullptr, 16);
    found.push_back(fmt::format("{}, {} KiB", line.substr(name), (end - begin) / 1024));
  }
  return found;
}

std::vector<std::string> names_in_shared_memory() {
  std::vector<std::string> found;
  for_each_in("/dev/shm", [&](const std::string& name) { found.push_back("/dev/shm/" + name); });
  return found;
}

using Things = std::vector<std::string>;

struct Kind {
  const char* one;
  const char* many;
  Things Holdings::*things;
};
constexpr std::array<Kind, 5> kKinds = {{{"process", "processes below", &Holdings::processes},
                                         {"thread", "threads", &Holdings::threads},
                                         {"handle", "handles", &Holdings::handles},
                                         {"mapping", "shared mappings", &Holdings::shared_mappings},
                                         {"shared memory", "names in /dev/shm", &Holdings::shared_names}}};

// By its number alone: it may have taken another name since, or have ended. Of sorted ones these are sorted, too.
std::string_view number_of(std::string_view process) { return process.substr(0, process.find(' ')); }

Things more_processes(const Things& here, const Things& there) {
  Things more;
  std::set_difference(here.begin(), here.end(), there.begin(), there.end(), std::back_inserter(more),
                      [](const auto& one, const auto& other) { return number_of(one) < number_of(other); });
  return more;
}

Things more_things(const Things& here, const Things& there) {
  Things more;
  std::set_difference(here.begin(), here.end(), there.begin(), there.end(), std::back_inserter(more));
  return more;
}

std::string lines(const char* kind, const Things& things) {
  std::string text;
  for (const std::string& each : things) text += fmt::format("\n  {} {}", kind, each);
  return text;
}

bool is_somebody_more(const Holdings& held, const Holdings& before) {
  return !more_processes(held.processes, before.processes).empty() || !more_processes(held.threads, before.threads).empty();
}

}  // namespace

Holdings Holdings::of(int pid) {
  Holdings found{processes_below(pid), threads_of(pid), handles_of(pid), shared_mappings_of(pid), names_in_shared_memory()};
  for (const Kind& kind : kKinds) std::sort((found.*kind.things).begin(), (found.*kind.things).end());
  return found;
}

Holdings Holdings::now() { return of(own_pid()); }

std::string Holdings::beyond(const Holdings& other) const {
  std::string text;
  for (const Kind& kind : kKinds) {
    const bool has_number = kind.things == &Holdings::processes || kind.things == &Holdings::threads;
    text += lines(kind.one, (has_number ? more_processes : more_things)(this->*kind.things, other.*kind.things));
  }
  return text;
}

std::string Holdings::text() const {
  std::string text;
  for (const Kind& kind : kKinds)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", (this->*kind.things).size(), kind.many);
  return text;
}

void PrintTo(const Holdings& held, std::ostream* out) { *out << held.text() << held.beyond({}); }

// A joined thread stays in /proc for a moment; what it held goes before it does. So does what a process holds.
std::string left_behind(const Holdings& before, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  Holdings held = Holdings::now();
  while (is_somebody_more(held, before) && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    held = Holdings::now();
  }
  return held.beyond(before) + lines("no longer open: handle", more_things(before.handles, held.handles));
}

}  // namespace troupe::testing
