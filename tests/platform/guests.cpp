// SPDX-License-Identifier: BSL-1.0
#include "guests.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "platform/executable.hpp"
#include "support.hpp"

namespace troupe::platform::testing {
namespace {

bool send_text(const ControlSocket& socket, const std::string& text) { return socket.send(bytes_of(text)); }

int echo(RoleStart start) {
  while (const auto packet = start.socket.receive()) start.socket.send(packet->bytes);
  return 0;
}

std::set<int> open_handles() {
  std::set<int> handles;
  for (int descriptor = 0; descriptor < 1024; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) >= 0) handles.insert(descriptor);
  }
  return handles;
}

const char* action_of(int number) {
  struct sigaction action {};
  ::sigaction(number, nullptr, &action);
  return action.sa_handler == SIG_DFL ? "default" : action.sa_handler == SIG_IGN ? "ignored" : "handled";
}

bool is_blocked(int number) {
  sigset_t mask;
  ::sigprocmask(SIG_SETMASK, nullptr, &mask);
  return ::sigismember(&mask, number) == 1;
}

std::string first_argument() {
  std::ifstream file("/proc/self/cmdline");
  std::string argument;
  std::getline(file, argument, '\0');
  return argument;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "(unset)" : value;
}

int describe(RoleStart start) {
  send_text(start.socket, fmt::format("argument {}", first_argument()));
  send_text(start.socket, fmt::format("executable {}", own_executable_path()));
  send_text(start.socket, fmt::format("directory {}", std::filesystem::current_path().string()));
  send_text(start.socket,
            fmt::format("variables {} {} {}", variable("TROUPE_TEST_A"), variable("TROUPE_TEST_B"), variable("TROUPE_ROLE")));
  send_text(start.socket, fmt::format("binding {}", variable("LD_BIND_NOW")));
  send_text(start.socket, fmt::format("handles {}", fmt::join(open_handles(), " ")));
  send_text(start.socket, fmt::format("starter {}", start.starter_pid));
  ::dup2(1, 17);
  ::close(0);
  sigset_t mask;
  ::sigfillset(&mask);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  clean_role_process();
  send_text(start.socket, fmt::format("clean handles {}", fmt::join(open_handles(), " ")));
  send_text(start.socket, fmt::format("clean signals {} {} {} {} {}", action_of(SIGCHLD), action_of(SIGPIPE), action_of(SIGTTIN),
                                      action_of(SIGTTOU), is_blocked(SIGTERM)));
  return 0;
}

int stale(RoleStart start) {
  ::setenv("TROUPE_ROLE", fmt::format("echo {}", start.starter_pid).c_str(), 1);
  const bool is_found = has_role();
  ::setenv("TROUPE_ROLE", fmt::format("echo {}", ::getpid()).c_str(), 1);
  const bool is_stale_found = has_role();
  send_text(start.socket, fmt::format("{} {}", is_found, is_stale_found));
  return 0;
}

// Runs what a child needs that was cloned behind glibc's back: memory, threads, mutexes, its thread id.
std::string exercise() {
  std::mutex mutex;
  std::vector<std::string> texts;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&mutex, &texts] {
      for (int k = 0; k < 100; ++k) {
        const std::lock_guard lock(mutex);
        texts.emplace_back(1000, 'x');
      }
    });
  }
  threads.clear();
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_t checked;
  pthread_mutex_init(&checked, &attributes);
  const bool is_locked = pthread_mutex_lock(&checked) == 0 && pthread_mutex_unlock(&checked) == 0;
  return fmt::format("{} texts, {}", texts.size(), is_locked ? "locked" : "not locked");
}

int zygote(RoleStart start) {
  while (start.socket.receive()) {
    std::string reason;
    if (!can_clone_sibling(reason)) return send_text(start.socket, reason), 1;
    if (clone_sibling() != 0) continue;
    send_text(start.socket, fmt::format("{} {}", ::getpid(), ::getppid()));
    send_text(start.socket, exercise());
    return 7;
  }
  return 0;
}

int parent(RoleStart start) {
  const int self = ::getpid();
  if (::fork() == 0) {
    die_with_parent(self);
    const Process child = Process::self();
    const int handle = child.handle().get();
    start.socket.send(bytes_of("child"), {&handle, 1});
  }
  for (;;) ::pause();
}

}  // namespace

int run_guest(RoleStart start) {
  static const std::map<std::string, int (*)(RoleStart)> roles{
      {"echo", &echo}, {"describe", &describe}, {"stale", &stale}, {"zygote", &zygote}, {"parent", &parent}};
  const auto role = roles.find(start.role);
  return role == roles.end() ? 120 : role->second(std::move(start));
}

Guest::Guest(const std::string& role, LaunchRequest request) {
  auto [ours, theirs] = ControlSocket::pair();
  const Handle executable = open_own_executable();
  request.executable = executable.get();
  if (request.path.empty()) request.path = own_executable_path();
  request.role = role;
  request.socket = theirs.handle().get();
  request.environment.emplace_back(kGuestVariable, role);
  process = launch(request);
  socket = std::move(ours);
}

Guest::~Guest() {
  process.kill();
  end_of(process);
}

}  // namespace troupe::platform::testing
