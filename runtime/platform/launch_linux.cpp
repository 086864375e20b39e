// SPDX-License-Identifier: BSL-1.0
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>
#include <troupe/error.hpp>

#include <array>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/process/v2/posix/vfork_launcher.hpp>
#include <boost/process/v2/process.hpp>
#include <cerrno>
#include <csignal>
#include <new>
#include <string>
#include <vector>

#include "platform/handle_limit.hpp"
#include "platform/launch.hpp"
#include "platform/os_error.hpp"
#include "platform/role_start_linux.hpp"
#include "platform/sanitizer.hpp"

namespace troupe::platform {
namespace {

namespace process = boost::process::v2;

namespace asio = boost::asio;

constexpr int kFirstFreeHandle = 10;  // above all that the child moves handles to

// What went wrong in the child between vfork and exec.
struct Failure {
  enum class At : int { directory = 1, socket, exec } at;
  int error;
};

// All that the child needs, ready before it exists: it may not allocate.
struct ChildPlan {
  int executable;
  int socket;
  int report;  // takes a Failure
  const char* directory;
  char* const* arguments;
  char* const* environment;
};

[[noreturn]] void give_up(const ChildPlan& plan, Failure::At at) {
  const Failure failure{at, errno};
  [[maybe_unused]] const ssize_t written = ::write(plan.report, &failure, sizeof(failure));
  ::_exit(127);
}

// A handler of this program must not run in the child; what was ignored stays ignored until the role cleans up.
void drop_signal_handlers() {
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action {};
    if (::sigaction(number, nullptr, &action) != 0 || action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN) continue;
    action = {};
    action.sa_handler = SIG_DFL;
    ::sigaction(number, &action, nullptr);
  }
}

// The child between vfork and exec: async-signal-safe calls only, and nothing of the parent's is written but errno.
[[noreturn]] void become(const ChildPlan& plan) {
  drop_signal_handlers();
  if (plan.directory != nullptr && ::chdir(plan.directory) != 0) give_up(plan, Failure::At::directory);
  if (::dup2(plan.socket, kRoleSocket) != kRoleSocket) give_up(plan, Failure::At::socket);
  restore_handle_limit();
  if (::close_range(kRoleSocket + 1, ~0U, CLOSE_RANGE_CLOEXEC) != 0) give_up(plan, Failure::At::socket);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execveat(plan.executable, "", plan.arguments, plan.environment, AT_EMPTY_PATH);
  give_up(plan, Failure::At::exec);
}

// The part of Boost.Process's launcher that is ours. It executes the file itself: the launcher would close handles in a
// way that leaves some open, and would end a child that failed with exit(), which runs the program's exit handlers.
struct BecomeRole {
  const ChildPlan& plan;

  template <class Launcher>
  process::error_code on_exec_setup(Launcher&, const process::filesystem::path&, const char* const*) {
    become(plan);
  }
};

// The launcher tells its context about the fork, in the child as well, where asio's answer would take a mutex and
// allocate. This context has nothing to hear, and its executor nothing to run.
struct QuietContext : asio::execution_context {
  void notify_fork(fork_event) {}
};

struct QuietExecutor {
  QuietContext* context;

  QuietContext& query(asio::execution::context_t) const noexcept { return *context; }
  template <class Function>
  void execute(Function&&) const {}
  bool operator==(const QuietExecutor&) const = default;
};

// No signal handler may run in the child before it has dropped them: it would run in this process's memory.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

[[noreturn]] void refuse(const LaunchRequest& request, const std::string& reason) {
  throw StartError(fmt::format("{} could not be started as {}: {}", request.path, request.role, reason));
}

Handle moved_up(const LaunchRequest& request, int descriptor, const char* what) {
  const int copy = ::fcntl(descriptor, F_DUPFD_CLOEXEC, kFirstFreeHandle);
  if (copy < 0) refuse(request, fmt::format("{}: {}", what, os_reason(errno)));
  return Handle(copy);
}

struct ReportPipe {
  Handle reader;
  Handle writer;
};

ReportPipe open_report(const LaunchRequest& request) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | (kUnderThreadSanitizer ? 0 : O_NONBLOCK)) != 0) refuse(request, os_reason(errno));
  ReportPipe report{Handle(ends[0]), Handle(ends[1])};
  report.writer = moved_up(request, report.writer.get(), "a handle for the child");
  return report;
}

bool is_replaced(const LaunchRequest& request, std::string_view entry) {
  const std::string_view name = entry.substr(0, entry.find('='));
  if (name == kRoleVariable) return true;
  for (const auto& [key, value] : request.environment) {
    if (key == name) return true;
  }
  return false;
}

std::vector<std::string> environment_for(const LaunchRequest& request) {
  std::vector<std::string> entries;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (!is_replaced(request, *entry)) entries.emplace_back(*entry);
  }
  for (const auto& [key, value] : request.environment) entries.push_back(key + '=' + value);
  entries.push_back(fmt::format("{}={} {}", kRoleVariable, request.role, ::getpid()));
  if (request.binds_early && std::getenv(kBindVariable) == nullptr)
    entries.push_back(fmt::format("{}={}", kBindVariable, kBindValue));
  return entries;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Runs the plan with Boost.Process; the child's pid, which stays ours to reap. With vfork this thread goes on exactly when
// the child runs the file or has ended, nothing is copied, and no handler of pthread_atfork runs.
int start(const LaunchRequest& request, const ChildPlan& plan) {
  QuietContext context;
  const QuietExecutor executor{&context};
  process::posix::vfork_launcher launcher;
  process::error_code error;
  try {
    // Has asio take what it needs for one handle now: if that ran out only after the fork, Boost.Process would lose its pidfd.
    asio::posix::basic_stream_descriptor<QuietExecutor> first(executor, request.socket);
    first.release();
    const SignalsBlocked blocked;
    auto child = launcher(executor, error, request.path, const_cast<const char**>(plan.arguments), BecomeRole{plan});
    child.detach();  // it would kill the child by number
  } catch (const boost::system::system_error& failure) {
    error = failure.code();  // after the fork: it got no pidfd; the child is there all the same
  } catch (const std::bad_alloc&) {
    error = process::error_code(ENOMEM, boost::system::system_category());
  }
  if (launcher.pid <= 0) refuse(request, "no process could be made: " + os_reason(error.value()));
  return launcher.pid;
}

// The pid of an unreaped child names nobody else; a program that ignores SIGCHLD has its children reaped by the kernel.
// When no handle is left to name the child by, it ends with its control socket, which the caller will close.
Process own_child(const LaunchRequest& request, int pid) try {
  Process child = Process::open(pid);
  siginfo_t report{};
  const auto id = static_cast<id_t>(child.handle().get());
  if (::waitid(P_PIDFD, id, &report, WEXITED | WNOHANG | WNOWAIT) != 0) throw_os_error(errno, "it is gone");
  return child;
} catch (const std::system_error& failure) {
  const bool is_gone = failure.code().value() == ESRCH || failure.code().value() == ECHILD;
  refuse(request, is_gone ? "it ended at once, and how is lost because this program ignores SIGCHLD" : failure.what());
}

// It has ended, or is about to; when somebody traces it, it can be reaped only a moment after that.
void reap_failed(const Process& child) {
  siginfo_t report{};
  while (::waitid(P_PIDFD, static_cast<id_t>(child.handle().get()), &report, WEXITED) != 0 && errno == EINTR) continue;
}

int start_with(const LaunchRequest& request, int report) {
  const Handle executable = moved_up(request, request.executable, "the file");
  const Handle socket = moved_up(request, request.socket, "its control socket");
  std::vector<std::string> entries = environment_for(request);
  std::vector<std::string> names{request.path};
  const std::vector<char*> environment = pointers_to(entries);
  const std::vector<char*> arguments = pointers_to(names);
  const char* directory = request.working_directory.empty() ? nullptr : request.working_directory.c_str();
  return start(request, {executable.get(), socket.get(), report, directory, arguments.data(), environment.data()});
}

[[noreturn]] void explain(const LaunchRequest& request, const Failure& failure) {
  switch (failure.at) {
    case Failure::At::directory:
      refuse(request, fmt::format("its working directory {}: {}", request.working_directory, os_reason(failure.error)));
    case Failure::At::socket:
      refuse(request, fmt::format("its control socket: {}", os_reason(failure.error)));
    case Failure::At::exec:
      break;
  }
  refuse(request, os_reason(failure.error));
}

}  // namespace

Process launch(const LaunchRequest& request) {
  ReportPipe report = open_report(request);
  const int pid = start_with(request, report.writer.get());
  report.writer.reset();
  Process child = own_child(request, pid);
  Failure failure{};
  if (::read(report.reader.get(), &failure, sizeof(failure)) != sizeof(failure)) return child;
  reap_failed(child);
  explain(request, failure);
}

}  // namespace troupe::platform
