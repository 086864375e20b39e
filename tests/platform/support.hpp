// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "platform/control_socket.hpp"
#include "platform/process.hpp"

namespace troupe::platform::testing {

constexpr std::string_view kGo = "go";

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }
inline std::string text_of(const Packet& packet) {
  return {reinterpret_cast<const char*>(packet.bytes.data()), packet.bytes.size()};
}
inline std::string receive_text(ControlSocket& socket) {
  const auto packet = socket.receive();
  return packet ? text_of(*packet) : std::string("(closed)");
}

inline std::ptrdiff_t open_handle_count() {
  const std::filesystem::directory_iterator handles("/proc/self/fd");
  return std::distance(begin(handles), end(handles));
}

// Whether this process has a child left, ended or not.
inline bool has_children() { return ::waitpid(-1, nullptr, WNOHANG | __WALL) >= 0; }

// The signal at which a traced child stops next; nullopt when it has ended (it is reaped then).
inline std::optional<int> next_stop(int pid) {
  int status = 0;
  while (::waitpid(pid, &status, __WALL) < 0 && errno == EINTR) continue;
  return WIFSTOPPED(status) ? std::optional(WSTOPSIG(status)) : std::nullopt;
}

// Waits until a child has ended and can be reaped: a moment later than the first when a leak checker traces it.
inline std::optional<ExitStatus> end_of(const Process& child) {
  siginfo_t report{};
  while (::waitid(P_PIDFD, static_cast<id_t>(child.handle().get()), &report, WEXITED | WNOWAIT) != 0 && errno == EINTR) continue;
  return child.reap();
}

// A forked child that runs `body(socket)` and ends with its result; it is killed with this object at the latest.
class ForkedChild {
 public:
  template <class Body>
  explicit ForkedChild(Body body) {
    auto [parents, childs] = ControlSocket::pair();
    const int pid = ::fork();
    if (pid == 0) {
      parents = ControlSocket();
      ::_exit(run(body, childs));
    }
    socket = std::move(parents);
    process = Process::open(pid);
  }
  ~ForkedChild() {
    process.kill();
    end();
  }
  ForkedChild(const ForkedChild&) = delete;
  ForkedChild& operator=(const ForkedChild&) = delete;

  std::optional<ExitStatus> end() const { return end_of(process); }

  ControlSocket socket;
  Process process;

 private:
  // An exception that left the child's body would reach the test runner, which would go on in the child.
  template <class Body>
  static int run(Body& body, ControlSocket& socket) try {
    return body(socket);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "a forked child of this test threw: %s\n", error.what());
    return 99;
  }
};

}  // namespace troupe::platform::testing
