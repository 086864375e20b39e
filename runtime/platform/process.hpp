// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/exit_status.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "platform/handle.hpp"

namespace troupe::platform {

// A process, named by its pidfd (never by its number, which the kernel may give to a stranger). Reaping is left to
// the parent: only it may call reap. Thread-safety: const functions.
class Process {
 public:
  Process() = default;
  explicit Process(Handle pidfd, int pid) : pidfd_(std::move(pidfd)), pid_(pid) {}
  // Only for a pid that cannot be reused meanwhile: this process's own, or an unreaped child's.
  static Process open(int pid);
  static Process self();

  void signal(int number) const noexcept;  // to a process that has ended: nothing happens
  void kill() const noexcept;              // SIGKILL
  void terminate() const noexcept;         // SIGTERM

  // Whether it has ended (its pidfd is readable). Blocks: until `deadline`.
  bool wait_ended(std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max()) const;
  // Reaps a child of this process that has ended; nullopt while it lives, or when somebody else reaped it. A child that is
  // traced (a debugger, a leak checker) stays unreapable until the tracer lets go, although wait_ended() is true.
  std::optional<ExitStatus> reap() const;

  int pid() const { return pid_; }  // for people to read
  const Handle& handle() const { return pidfd_; }
  explicit operator bool() const { return static_cast<bool>(pidfd_); }

 private:
  Handle pidfd_;
  int pid_ = 0;
};

// To the calling thread: as a fault of its own would. Returns when the signal is ignored, or its handler returns.
void signal_this_thread(int number) noexcept;
// SIGKILL, with no way around it.
[[noreturn]] void kill_this_process() noexcept;

}  // namespace troupe::platform
