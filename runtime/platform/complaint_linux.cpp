// SPDX-License-Identifier: BSL-1.0
#include "platform/complaint.hpp"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <ctime>
#include <exception>

#include "platform/poll.hpp"

namespace troupe::platform {
namespace {

// While it lives, a broken pipe raises nothing in this thread.
class WithoutBrokenPipe {
 public:
  WithoutBrokenPipe() noexcept {
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &former_);
  }
  ~WithoutBrokenPipe() {
    const timespec at_once{};
    if (!was_pending_) (void)sigtimedwait(&pipe_, nullptr, &at_once);
    pthread_sigmask(SIG_SETMASK, &former_, nullptr);
  }
  WithoutBrokenPipe(const WithoutBrokenPipe&) = delete;
  WithoutBrokenPipe& operator=(const WithoutBrokenPipe&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t former_{};
  bool was_pending_ = false;
};

// A pipe that is ready takes that many bytes at once.
bool is_ready() noexcept {
  try {
    return wait_ready(STDERR_FILENO, ReadyTo::write, std::chrono::steady_clock::now() + std::chrono::seconds(1));
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

void write_to_stderr(std::string_view text) noexcept {
  const int error = errno;
  const WithoutBrokenPipe quietly;
  const std::string_view fitting = text.substr(0, PIPE_BUF);
  if (is_ready() && ::write(STDERR_FILENO, fitting.data(), fitting.size()) < 0) {  // then there is nobody left to tell
  }
  errno = error;
}

void complain_with(fmt::string_view format, fmt::format_args arguments) noexcept {
  try {
    write_to_stderr("troupe: " + fmt::vformat(format, arguments) + '\n');
  } catch (const std::exception&) {
  }
}

}  // namespace troupe::platform
