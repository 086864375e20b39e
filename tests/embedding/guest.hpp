// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "tests/end_to_end/gate.hpp"

namespace troupe::test {

// What became of a program that a test has run.
struct Outcome {
  int status = 0;  // as waitpid tells it
  std::string report;

  bool is_good() const { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }
  friend std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
    if (WIFSIGNALED(outcome.status)) return out << "signal " << WTERMSIG(outcome.status) << ": " << outcome.report;
    return out << "exit code " << WEXITSTATUS(outcome.status) << ": " << outcome.report;
  }
};

struct GuestOrder {
  std::string program;
  std::vector<std::string> arguments{};   // argv from 0 on; may be empty
  std::function<void()> prepare = [] {};  // in the child, before it becomes the program
};

// A number that no other process's user has: limits on a user's processes count these programs' alone.
constexpr unsigned kNobody = 54'321;
inline void become_nobody() {
  if (::geteuid() == 0 && (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) ::_exit(126);
}
inline void limit(int resource, rlim_t soft, rlim_t hard) {
  const rlimit both{soft, hard};
  if (::setrlimit(static_cast<__rlimit_resource>(resource), &both) != 0) ::_exit(126);
}
inline void limit(int resource, rlim_t most) { limit(resource, most, most); }

// One that is short of processes cannot look for leaks.
inline void look_for_no_leaks() {
  const char* options = std::getenv("ASAN_OPTIONS");
  if (options != nullptr) ::setenv("ASAN_OPTIONS", (std::string(options) + ":detect_leaks=0").c_str(), 1);
}

// Runs it to its end. It writes its report into the file that TROUPE_TEST_REPORT names: it may have no standard output.
inline Outcome run_guest(const GuestOrder& order) {
  const TemporaryFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  const std::string report = (folder.path() / "report").string();
  std::vector<std::string> texts = order.arguments;
  std::vector<char*> arguments;
  for (auto& each : texts) arguments.push_back(each.data());
  arguments.push_back(nullptr);
  const int pid = ::fork();
  if (pid == 0) {
    ::setenv("TROUPE_TEST_REPORT", report.c_str(), 1);
    look_for_no_leaks();
    order.prepare();
    ::execv(order.program.c_str(), arguments.data());
    ::_exit(127);
  }
  Outcome outcome;
  ::waitpid(pid, &outcome.status, 0);
  std::ifstream file(report);
  outcome.report.assign(std::istreambuf_iterator<char>(file), {});
  return outcome;
}

}  // namespace troupe::test
