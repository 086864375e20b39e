// SPDX-License-Identifier: BSL-1.0
#include "processes.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

namespace troupe::manager::testing {

namespace {

std::string path_of(int pid, const char* entry) { return "/proc/" + std::to_string(pid) + "/" + entry; }

std::string name_of(int pid) {
  std::ifstream file(path_of(pid, "comm"));
  std::string name;
  std::getline(file, name);
  return name;
}

// The third field, after the name in parentheses.
char state_of(const std::filesystem::path& task) {
  std::ifstream file(task / "stat");
  std::string line;
  std::getline(file, line);
  const auto end = line.rfind(')');
  return end == std::string::npos || end + 2 >= line.size() ? '?' : line[end + 2];
}

// SIGSTOP reaches one thread; another may run on until that one does.
bool has_stopped(int pid) {
  const std::filesystem::directory_iterator tasks(path_of(pid, "task"));
  return std::all_of(begin(tasks), end(tasks), [](const auto& task) { return state_of(task.path()) == 'T'; });
}

}  // namespace

std::vector<int> children_of(int pid) {
  std::ifstream file(path_of(pid, "task/") + std::to_string(pid) + "/children");
  std::vector<int> children;
  for (int child = 0; file >> child;) children.push_back(child);
  return children;
}

std::vector<platform::Process> children_named(int pid, const std::string& name) {
  std::vector<platform::Process> found;
  for (const int child : children_of(pid)) {
    if (name_of(child) == name) found.push_back(platform::Process::open(child));
  }
  return found;
}

bool has_ended(const platform::Process& process) { return process.wait_ended(std::chrono::steady_clock::now()); }

void stop_now(const platform::Process& process) {
  process.signal(SIGSTOP);
  while (!has_stopped(process.pid())) std::this_thread::yield();
}

}  // namespace troupe::manager::testing
