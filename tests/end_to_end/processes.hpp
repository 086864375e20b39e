// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace troupe::test {

// A process that is not ours to reap, by handle. Movable.
class OtherProcess {
 public:
  explicit OtherProcess(int pid) : pid_(pid), handle_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {
    if (handle_ < 0) throw std::runtime_error("process " + std::to_string(pid) + " is not there");
  }
  OtherProcess(OtherProcess&& other) noexcept : pid_(other.pid_), handle_(std::exchange(other.handle_, -1)) {}
  OtherProcess& operator=(OtherProcess&&) = delete;
  ~OtherProcess() {
    if (handle_ >= 0) ::close(handle_);
  }

  // The child of `parent` (of any of its threads) that goes by this name (ps' comm).
  static OtherProcess child(int parent, const std::string& name) { return child_but(parent, name, 0); }
  // Another one than that.
  static OtherProcess child_but(int parent, const std::string& name, int that) {
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(parent) + "/task")) {
      std::ifstream children(task.path() / "children");
      for (int pid = 0; children >> pid;) {
        std::string found;
        std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/comm"), found);
        if (found == name && pid != that) return OtherProcess(pid);
      }
    }
    throw std::runtime_error("process " + std::to_string(parent) + " has no child named " + name);
  }
  static OtherProcess own_manager() { return child(::getpid(), "troupe-manager"); }

  int pid() const { return pid_; }
  void send(int signal) const { ::syscall(SYS_pidfd_send_signal, handle_, signal, nullptr, 0); }
  void kill() const { send(SIGKILL); }
  bool has_ended() const {
    pollfd ended{handle_, POLLIN, 0};
    return ::poll(&ended, 1, 0) == 1;
  }
  // Blocks: until it has ended.
  void wait_ended() const {
    pollfd ended{handle_, POLLIN, 0};
    while (::poll(&ended, 1, -1) != 1) continue;
  }

 private:
  int pid_;
  int handle_;
};

}  // namespace troupe::test
