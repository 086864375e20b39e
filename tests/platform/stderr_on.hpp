// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>

namespace troupe::platform::testing {

// While it lives, this process's stderr is another file; children that start meanwhile keep that.
class StderrOn {
 public:
  explicit StderrOn(int descriptor) : former_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {
    std::fflush(stderr);
    ::dup2(descriptor, STDERR_FILENO);
  }
  explicit StderrOn(const char* path) : StderrOn(::open(path, O_WRONLY | O_CLOEXEC), nullptr) {}
  ~StderrOn() {
    ::dup2(former_, STDERR_FILENO);
    ::close(former_);
  }
  StderrOn(const StderrOn&) = delete;
  StderrOn& operator=(const StderrOn&) = delete;

 private:
  StderrOn(int opened, std::nullptr_t) : StderrOn(opened) { ::close(opened); }

  int former_;
};

}  // namespace troupe::platform::testing
