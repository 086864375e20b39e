// SPDX-License-Identifier: BSL-1.0
#include "platform/piped_child.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>

#include "platform/os_error.hpp"

namespace troupe::platform {

namespace {

constexpr std::chrono::seconds kTimeToEnd(1);

struct Pipe {
  Handle reader;
  Handle writer;
};

Pipe new_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_os_error(errno, "making a pipe");
  return {Handle(ends[0]), Handle(ends[1])};
}

// As posix_spawn says it: an error, or 0.
int start(std::vector<std::string> arguments, const Pipe& input, const Pipe& output, int& pid) {
  std::vector<char*> pointers;
  for (std::string& each : arguments) pointers.push_back(each.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  if (const int error = ::posix_spawn_file_actions_init(&actions); error != 0) return error;
  int error = ::posix_spawn_file_actions_adddup2(&actions, input.reader.get(), STDIN_FILENO);
  if (error == 0) error = ::posix_spawn_file_actions_adddup2(&actions, output.writer.get(), STDOUT_FILENO);
  if (error == 0) error = ::posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, pointers.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  return error;
}

}  // namespace

PipedChild::PipedChild(std::vector<std::string> arguments) {
  Pipe input = new_pipe();
  Pipe output = new_pipe();
  int pid = 0;
  if (const int error = start(std::move(arguments), input, output, pid); error != 0) throw_os_error(error, "starting a process");
  process_ = Process::open(pid);
  input_ = std::move(input.writer);
  output.writer.reset();
  read_first_line(output.reader);
}

PipedChild::~PipedChild() {
  input_.reset();
  if (!process_.wait_ended(std::chrono::steady_clock::now() + kTimeToEnd)) process_.kill();
  process_.wait_ended();
  (void)process_.reap();
}

void PipedChild::read_first_line(const Handle& output) {
  for (char c = 0;;) {
    const ssize_t size = ::read(output.get(), &c, 1);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0 || c == '\n') return;
    first_line_ += c;
  }
}

void PipedChild::write(std::string_view text) const noexcept {
  while (::write(input_.get(), text.data(), text.size()) < 0 && errno == EINTR) continue;
}

}  // namespace troupe::platform
