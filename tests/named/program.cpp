// SPDX-License-Identifier: BSL-1.0
#include "program.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>
#include <utility>

namespace troupe::test {

namespace {

std::string own_path() {
  std::string path(4096, '\0');
  path.resize(static_cast<std::size_t>(::readlink("/proc/self/exe", path.data(), path.size())));
  return path;
}

std::array<int, 2> new_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  return ends;
}

}  // namespace

Program::Program(const std::string& path, std::vector<std::string> arguments) {
  const auto input = new_pipe();
  const auto output = new_pipe();
  input_ = input[1];
  output_ = ::fdopen(output[0], "r");
  arguments.insert(arguments.begin(), path);
  std::vector<char*> pointers;
  for (auto& each : arguments) pointers.push_back(each.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  const int error = ::posix_spawn(&pid_, path.c_str(), &actions, nullptr, pointers.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(input[0]);
  ::close(output[1]);
  if (error != 0) throw std::runtime_error(path + " could not be started");
  process_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
}

Program::Program(Program&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      process_(std::exchange(other.process_, -1)),
      status_(other.status_),
      input_(std::exchange(other.input_, -1)),
      output_(std::exchange(other.output_, nullptr)) {}

Program::~Program() {
  if (pid_ > 0) kill();
  close_input();
  if (output_ != nullptr) ::fclose(output_);
}

Program Program::serve(const std::string& name) {
  Program manager(own_path(), {"serve", name});
  if (const std::string said = manager.line(); said != "ready") throw std::runtime_error("no manager: " + said);
  return manager;
}

Program Program::client(const std::string& manager, std::vector<std::string> task) {
  task.insert(task.begin(), {"client", manager});
  return {own_path(), std::move(task)};
}

std::string Program::line() {
  std::string text;
  for (int c = ::fgetc(output_); c != EOF && c != '\n'; c = ::fgetc(output_)) text += static_cast<char>(c);
  return text;
}

std::string Program::rest() {
  std::string all;
  for (int c = ::fgetc(output_); c != EOF; c = ::fgetc(output_)) all += static_cast<char>(c);
  return all;
}

void Program::close_input() {
  if (input_ >= 0) ::close(std::exchange(input_, -1));
}

void Program::send(int signal) const { ::syscall(SYS_pidfd_send_signal, process_, signal, nullptr, 0); }

void Program::kill() {
  send(SIGKILL);
  wait();
}

int Program::wait() {
  if (pid_ > 0) ::waitpid(std::exchange(pid_, -1), &status_, 0);
  if (process_ >= 0) ::close(std::exchange(process_, -1));
  return status_;
}

}  // namespace troupe::test
