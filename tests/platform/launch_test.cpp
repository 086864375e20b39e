// SPDX-License-Identifier: BSL-1.0
#include "platform/launch.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <troupe/error.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

#include "guests.hpp"
#include "platform/executable.hpp"
#include "support.hpp"

namespace troupe::platform::testing {
namespace {

// Why this request cannot be fulfilled; it must leave neither handle nor child behind.
std::string text_of_refusal(LaunchRequest request) {
  const auto handles = open_handle_count();
  std::string text = "(launched)";
  try {
    const auto [ours, theirs] = ControlSocket::pair();
    request.socket = theirs.handle().get();
    request.role = "echo";
    launch(request);
  } catch (const StartError& error) {
    text = error.what();
  }
  EXPECT_EQ(open_handle_count(), handles);
  EXPECT_FALSE(has_children());
  return text;
}

Handle file_with(std::string_view text, unsigned mode) {
  Handle file(::memfd_create("a program", MFD_CLOEXEC));
  EXPECT_EQ(::write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ::fchmod(file.get(), mode);
  return Handle(::open(fmt::format("/proc/self/fd/{}", file.get()).c_str(), O_RDONLY | O_CLOEXEC));
}

// The first lines that the guest `describe` sends.
std::vector<std::string> description(LaunchRequest request = {}) {
  Guest guest("describe", std::move(request));
  std::vector<std::string> lines;
  for (std::string line = receive_text(guest.socket); line != "(closed)"; line = receive_text(guest.socket))
    lines.push_back(line);
  lines.resize(9);
  return lines;
}

TEST(Launch, StartsTheFileInItsRoleWithItsSocket) {
  Guest guest("echo");
  guest.socket.send(bytes_of("hello"));
  EXPECT_EQ(receive_text(guest.socket), "hello");
  guest.socket = ControlSocket();
  EXPECT_EQ(end_of(guest.process), ExitStatus{});
}

TEST(Launch, GivesPathEnvironmentAndDirectory) {
  ::setenv("TROUPE_TEST_A", "inherited", 1);
  ::setenv("TROUPE_TEST_B", "inherited", 1);
  LaunchRequest request;
  request.path = "/some/where";
  request.environment = {{"TROUPE_TEST_B", "replaced"}};
  request.working_directory = "/usr";
  const auto lines = description(request);
  EXPECT_EQ(lines[0], "argument /some/where");
  EXPECT_EQ(lines[1], "executable " + own_executable_path());
  EXPECT_EQ(lines[2], "directory /usr");
  EXPECT_EQ(lines[3], "variables inherited replaced (unset)");
}

TEST(Launch, TakesEarlyBindingOutOfTheEnvironmentAgain) {
  EXPECT_EQ(description({.binds_early = true})[4], "binding (unset)");
  ::setenv("LD_BIND_NOW", "1", 1);
  EXPECT_EQ(description({.binds_early = true})[4], "binding 1");
  ::unsetenv("LD_BIND_NOW");
}

TEST(Launch, PassesOnNoHandleButTheSocket) {
  const Handle first(::open("/dev/null", O_RDONLY));
  const Handle inherited(::fcntl(first.get(), F_DUPFD, 100));
  EXPECT_EQ(description()[5], "handles 0 1 2 3");
}

TEST(Launch, NamesItsStarter) { EXPECT_EQ(description()[6], fmt::format("starter {}", ::getpid())); }

// Launches an echo with its two handles at these numbers, and all others below 40 closed.
bool echoes_with(int executable_at, int socket_at) {
  const Handle executable = open_own_executable();
  auto [ours, theirs] = ControlSocket::pair();
  const Handle kept_executable(::fcntl(executable.get(), F_DUPFD_CLOEXEC, 60));
  const Handle kept_socket(::fcntl(theirs.handle().get(), F_DUPFD_CLOEXEC, 60));
  ControlSocket end(Handle(::fcntl(ours.handle().get(), F_DUPFD_CLOEXEC, 60)));
  ::close_range(0, 1, 0);
  ::close_range(3, 40, 0);
  ::dup2(kept_executable.get(), executable_at);
  ::dup2(kept_socket.get(), socket_at);
  LaunchRequest request{.executable = executable_at, .path = "guest", .role = "echo", .socket = socket_at};
  request.environment = {{kGuestVariable, "echo"}};
  const Process child = launch(request);
  end.send(bytes_of("x"));
  const bool is_echoed = receive_text(end) == "x";
  child.kill();
  end_of(child);
  return is_echoed;
}

// Each in a child of its own, whose handles the test may take away.
TEST(Launch, WorksWhateverTheNumbersOfTheHandles) {
  for (const auto& [executable_at, socket_at] :
       std::vector<std::pair<int, int>>{{3, 4}, {4, 3}, {0, 3}, {3, 0}, {5, 1}, {10, 11}}) {
    const ForkedChild starter([executable_at = executable_at, socket_at = socket_at](ControlSocket&) {
      return echoes_with(executable_at, socket_at) ? 0 : 1;
    });
    EXPECT_EQ(starter.end(), ExitStatus{}) << executable_at << ' ' << socket_at;
  }
}

TEST(Launch, LeavesNeitherHandleNorChild) {
  const auto before = open_handle_count();
  { const Guest guest("echo"); }
  EXPECT_EQ(open_handle_count(), before);
  EXPECT_FALSE(has_children());
}

TEST(Launch, NamesAWorkingDirectoryThatIsNotThere) {
  const Handle executable = open_own_executable();
  const auto text =
      text_of_refusal({.executable = executable.get(), .path = "/bin/guest", .working_directory = "/no/such/place"});
  EXPECT_EQ(text, "/bin/guest could not be started as echo: its working directory /no/such/place: No such file or directory");
}

TEST(Launch, SaysThatAFileIsNotExecutable) {
  const Handle text = file_with("no program", 0600);
  EXPECT_EQ(text_of_refusal({.executable = text.get(), .path = "/bin/guest"}),
            "/bin/guest could not be started as echo: Permission denied");
}

TEST(Launch, SaysThatAFileIsNoProgram) {
  const Handle text = file_with("no program", 0700);
  EXPECT_EQ(text_of_refusal({.executable = text.get(), .path = "/bin/guest"}),
            "/bin/guest could not be started as echo: Exec format error");
}

TEST(Launch, SaysThatTheFileIsNotOpen) {
  EXPECT_EQ(text_of_refusal({.executable = -1, .path = "/bin/guest"}),
            "/bin/guest could not be started as echo: the file: Bad file descriptor");
}

// Whether a guest came up, in a process that may open handles below `limit` only.
bool starts_with_handle_limit(rlim_t limit) {
  const auto handles = open_handle_count();
  bool has_started = false;
  try {
    rlimit limits{};
    ::getrlimit(RLIMIT_NOFILE, &limits);
    limits.rlim_cur = limit;
    ::setrlimit(RLIMIT_NOFILE, &limits);
    const Guest guest("echo");
    has_started = true;
  } catch (const StartError&) {
  } catch (const std::system_error&) {  // of the socket pair
  }
  rlimit limits{};
  ::getrlimit(RLIMIT_NOFILE, &limits);
  limits.rlim_cur = limits.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limits);
  EXPECT_EQ(open_handle_count(), handles) << limit;
  EXPECT_FALSE(has_children()) << limit;
  return has_started;
}

TEST(Launch, LeavesNothingWhenItRunsOutOfHandles) {
  const ForkedChild starter([](ControlSocket&) {
    EXPECT_FALSE(starts_with_handle_limit(4));
    for (rlim_t limit = 5; limit < 40; ++limit) starts_with_handle_limit(limit);
    EXPECT_TRUE(starts_with_handle_limit(40));
    return ::testing::Test::HasFailure() ? 1 : 0;
  });
  EXPECT_EQ(starter.end(), ExitStatus{});
}

TEST(Launch, RunsNoExitHandlerOfTheProgramWhenItFails) {
  const ForkedChild starter([](ControlSocket& socket) {
    static ControlSocket& to_test = socket;
    std::atexit([] { to_test.send(bytes_of("exit handler")); });
    const Handle text = file_with("no program", 0700);
    text_of_refusal({.executable = text.get(), .path = "/bin/guest"});
    to_test.send(bytes_of("end"));
    return ::testing::Test::HasFailure() ? 1 : 0;
  });
  EXPECT_EQ(receive_text(const_cast<ControlSocket&>(starter.socket)), "end");
  EXPECT_EQ(starter.end(), ExitStatus{});
}

TEST(Launch, ChangesNeitherSignalsNorDirectoryOfTheStarter) {
  sigset_t wanted;
  ::sigemptyset(&wanted);
  ::sigaddset(&wanted, SIGUSR2);
  ::pthread_sigmask(SIG_SETMASK, &wanted, nullptr);
  ::signal(SIGUSR1, [](int) {});
  const auto directory = std::filesystem::current_path();
  LaunchRequest request;
  request.working_directory = "/";
  const auto lines = description(request);
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  struct sigaction action {};
  ::sigaction(SIGUSR1, nullptr, &action);
  EXPECT_TRUE(::sigismember(&mask, SIGUSR2) && !::sigismember(&mask, SIGTERM));
  EXPECT_NE(action.sa_handler, SIG_DFL);
  EXPECT_EQ(std::filesystem::current_path(), directory);
  ::signal(SIGUSR1, SIG_DFL);
  ::sigemptyset(&wanted);
  ::pthread_sigmask(SIG_SETMASK, &wanted, nullptr);
}

TEST(Launch, WorksInAProgramThatIgnoresItsChildren) {
  const ForkedChild starter([](ControlSocket&) {
    ::signal(SIGCHLD, SIG_IGN);
    const Handle text = file_with("no program", 0700);
    const auto refusal = text_of_refusal({.executable = text.get(), .path = "/bin/guest"});
    Guest guest("echo");
    guest.socket.send(bytes_of("hello"));
    return receive_text(guest.socket) == "hello" && refusal != "(launched)" ? 0 : 1;
  });
  EXPECT_EQ(starter.end(), ExitStatus{});
}

TEST(CleanRoleProcess, LeavesFourHandlesDefaultSignalsAndNoMask) {
  ::signal(SIGPIPE, SIG_IGN);
  const auto lines = description();
  ::signal(SIGPIPE, SIG_DFL);
  EXPECT_EQ(lines[7], "clean handles 0 1 2 3");
  EXPECT_EQ(lines[8], "clean signals default default ignored ignored false");
}

}  // namespace
}  // namespace troupe::platform::testing
