// SPDX-License-Identifier: BSL-1.0
#include "processes.hpp"

#include <chrono>
#include <csignal>
#include <system_error>
#include <thread>

#include "testing/seen_process.hpp"

namespace troupe::manager::testing {

std::vector<int> children_of(int pid) {
  std::vector<int> children;
  for (const auto& each : troupe::testing::children_of(pid)) children.push_back(each.pid);
  return children;
}

std::vector<platform::Process> children_named(int pid, const std::string& name) {
  std::vector<platform::Process> found;
  for (const auto& each : troupe::testing::children_of(pid)) {
    if (each.name != name) continue;
    try {
      found.push_back(platform::Process::open(each.pid));
    } catch (const std::system_error& error) {
      if (error.code() != std::errc::no_such_process) throw;  // it has ended since it was seen
    }
  }
  return found;
}

bool has_ended(const platform::Process& process) { return process.wait_ended(std::chrono::steady_clock::now()); }

void stop_now(const platform::Process& process) {
  process.signal(SIGSTOP);
  while (!troupe::testing::has_stopped(process.pid())) std::this_thread::yield();
}

}  // namespace troupe::manager::testing
