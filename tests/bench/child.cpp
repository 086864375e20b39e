// SPDX-License-Identifier: BSL-1.0
#include "child.hpp"

#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <system_error>
#include <utility>

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to the program

namespace troupe::bench {

namespace {

[[noreturn]] void fail(const char* what, int error = errno) { throw std::system_error(error, std::generic_category(), what); }

}  // namespace

Handle::Handle(Handle&& other) noexcept : number_(std::exchange(other.number_, -1)) {}

Handle& Handle::operator=(Handle other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

Handle::~Handle() {
  if (number_ >= 0) ::close(number_);
}

SocketPair::SocketPair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair");
  mine = Handle(ends[0]);
  theirs = Handle(ends[1]);
}

void write_all(int handle, const void* bytes, std::size_t count) {
  const auto* next = static_cast<const std::byte*>(bytes);
  while (count > 0) {
    const auto written = ::send(handle, next, count, MSG_NOSIGNAL);
    if (written < 0 && errno != EINTR) fail("send");
    if (written <= 0) continue;
    next += written;
    count -= static_cast<std::size_t>(written);
  }
}

bool read_all(int handle, void* bytes, std::size_t count) {
  auto* next = static_cast<std::byte*>(bytes);
  while (count > 0) {
    const auto got = ::recv(handle, next, count, 0);
    if (got == 0) return false;
    if (got < 0 && errno != EINTR) fail("recv");
    if (got < 0) continue;
    next += got;
    count -= static_cast<std::size_t>(got);
  }
  return true;
}

void die_with_parent(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
}

Handle open_process(pid_t pid) {
  Handle process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (process.number() < 0) fail("pidfd_open");
  return process;
}

void send_signal(const Handle& process, int signal_number) {
  ::syscall(SYS_pidfd_send_signal, process.number(), signal_number, nullptr, 0);
}

Child Child::executed(const std::vector<std::string>& arguments, const Handle& inherited) {
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, inherited.number(), 3);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) fail("posix_spawn", error);
  return Child(pid);
}

Child::Child(pid_t pid) : pid_(pid), process_(open_process(pid)) {}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, 0)), process_(std::move(other.process_)) {}

Child& Child::operator=(Child other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(process_, other.process_);
  return *this;
}

Child::~Child() {
  if (pid_ == 0) return;
  send_signal(process_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

pid_t Child::own_pid() { return ::getpid(); }

pid_t Child::fork_here() {
  const pid_t pid = ::fork();
  if (pid < 0) fail("fork");
  return pid;
}

void Child::exit_here() { ::_exit(0); }

}  // namespace troupe::bench
