// SPDX-License-Identifier: BSL-1.0
#include "processes.hpp"

#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <thread>

#include "campaign.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to the program

namespace troupe::campaigns {

void become_subreaper() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

std::optional<platform::Process> find_child(int parent, std::string_view name) {
  const auto children = children_of(parent);
  const auto child =
      std::find_if(children.begin(), children.end(), [&](const auto& each) { return each.name == name && each.state != 'Z'; });
  return child == children.end() ? std::nullopt : open_process(child->pid);
}

platform::Process await_child(int parent, std::string_view name) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < deadline) {
    if (auto child = find_child(parent, name)) return std::move(*child);
    std::this_thread::yield();
  }
  throw Broken(fmt::format("process {} has no child named {}; it has: {}", parent, name, text_of(children_of(parent))));
}

std::optional<platform::Process> open_process(int pid) {
  try {
    return platform::Process::open(pid);
  } catch (const std::system_error& error) {
    if (error.code().value() == ESRCH) return std::nullopt;
    throw;
  }
}

platform::Process start_self(const std::vector<std::string>& arguments) {
  std::vector<std::string> words{"troupe-campaigns"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  words.push_back(std::to_string(::getpid()));  // for end_with_parent
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, "/proc/self/exe", nullptr, nullptr, argv.data(), environ);
  if (error != 0) throw std::system_error(error, std::generic_category(), "posix_spawn of this program");
  return platform::Process::open(pid);  // a child that nobody else reaps
}

void end_with_parent(int parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) std::_Exit(1);
}

void reap_ended_children() {
  siginfo_t report{};
  while (::waitid(P_ALL, 0, &report, WEXITED | WNOHANG) == 0 && report.si_pid != 0) report = {};
}

}  // namespace troupe::campaigns
