// SPDX-License-Identifier: BSL-1.0
#include "family_tracer.hpp"

#include <fmt/core.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "campaign.hpp"
#include "system_call.hpp"

namespace troupe::campaigns {

namespace {

constexpr int kOptions = PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC |
                         PTRACE_O_TRACESYSGOOD;
constexpr int kSystemCallStop = SIGTRAP | 0x80;

// A thread may be killed between two looks at it; its end is told later.
long trace(unsigned request, int tid, std::uint64_t address = 0, std::uint64_t data = 0) {
  errno = 0;
  const long result =
      ::ptrace(static_cast<__ptrace_request>(request), tid, reinterpret_cast<void*>(address), reinterpret_cast<void*>(data));
  if (errno != 0 && errno != ESRCH) throw std::system_error(errno, std::generic_category(), fmt::format("ptrace of {}", tid));
  return result;
}

bool is_leader(int tid) {
  std::ifstream status(fmt::format("/proc/{}/status", tid));
  for (std::string word; status >> word;) {
    if (word == "Tgid:" && status >> word) return word == std::to_string(tid);
  }
  return false;
}

Role next(Role role) { return role == Role::client ? Role::manager : role == Role::manager ? Role::zygote : Role::host; }

// Asio registers two handles of its own with each epoll instance, and does not look whether it could: a limit of the system's
// (fs.epoll.max_user_watches) that is met just there makes a loop that cannot be woken.
bool is_unchecked_by_asio(int tid, const __ptrace_syscall_info& call) {
  if (call.entry.nr != SYS_epoll_ctl || call.entry.args[1] != EPOLL_CTL_ADD) return false;
  const auto events = static_cast<std::uint32_t>(trace(PTRACE_PEEKDATA, tid, call.entry.args[3], 0));
  return (events & EPOLLPRI) == 0;  // which it waits for with all others
}

bool is_crash(int signal) {
  constexpr std::array kCrashes = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};
  return std::find(kCrashes.begin(), kCrashes.end(), signal) != kCrashes.end();
}

}  // namespace

FamilyTracer::FamilyTracer(int client, const Fault& fault, const FaultPage& page) : client_(client), fault_(fault), page_(page) {
  for (bool has_new = true; has_new;) {
    has_new = false;
    for (const auto& each : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", client))) {
      const int tid = std::stoi(each.path().filename().string());
      if (threads_.contains(tid)) continue;
      trace(PTRACE_SEIZE, tid, 0, kOptions);
      trace(PTRACE_INTERRUPT, tid);
      int status = 0;
      expect(::waitpid(tid, &status, __WALL) == tid && WIFSTOPPED(status), "thread {} ended before it could be traced", tid);
      threads_[tid] = {Role::client, true, true};
      has_new = true;
    }
  }
}

void FamilyTracer::run() {
  for (const auto& [tid, thread] : threads_) resume(tid);
  for (;;) {
    int status = 0;
    const int tid = ::waitpid(-1, &status, __WALL);
    if (tid < 0 && errno == EINTR) continue;
    if (tid < 0) return;  // nobody is left
    if (WIFSTOPPED(status)) {
      on_stop(tid, status);
    } else {
      on_end(tid, status);
    }
  }
}

// The first stop of a new one, and what its maker tells of it, come in either order.
void FamilyTracer::on_stop(int tid, int status) {
  Thread& thread = threads_[tid];
  thread.has_stopped = true;
  if (!thread.is_known) return;
  const int event = status >> 16;
  if (event != 0) return on_event(tid, event);
  if (WSTOPSIG(status) != kSystemCallStop) return resume(tid, WSTOPSIG(status));
  on_call(tid, thread);
  resume(tid);
}

void FamilyTracer::on_event(int tid, int event) {
  if (event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK) {
    unsigned long made = 0;
    trace(PTRACE_GETEVENTMSG, tid, 0, reinterpret_cast<std::uint64_t>(&made));
    const int child = static_cast<int>(made);
    const Role role = threads_[tid].role;
    adopt(child, is_leader(child) ? next(role) : role);
  }
  resume(tid);
}

void FamilyTracer::adopt(int tid, Role role) {
  Thread& thread = threads_[tid];
  thread.role = role;
  thread.is_known = true;
  if (thread.has_stopped) resume(tid);
}

void FamilyTracer::on_call(int tid, Thread& thread) {
  __ptrace_syscall_info call{};
  if (trace(PTRACE_GET_SYSCALL_INFO, tid, sizeof call, reinterpret_cast<std::uint64_t>(&call)) < 0) return;
  if (call.op == PTRACE_SYSCALL_INFO_EXIT && thread.error != 0) {
    set_call_error(tid, thread.error);
    thread.error = 0;
  }
  if (call.op != PTRACE_SYSCALL_INFO_ENTRY || !failed_.empty() || page_.is_over.load() != 0) return;
  const FailingCall* failing = find_failing_call(call.entry.nr);
  if (failing == nullptr || is_unchecked_by_asio(tid, call) || ++calls_ != fault_.number) return;
  skip_call(tid);
  thread.error = failing->error;
  failed_ = fmt::format("{} failed in the {} ({})", failing->name, text_of(thread.role),
                        std::generic_category().message(failing->error));
}

void FamilyTracer::on_end(int tid, int status) {
  const auto ended = threads_.find(tid);
  if (tid == client_ && WIFEXITED(status)) client_exit_code_ = WEXITSTATUS(status);
  if (ended == threads_.end()) return;  // a process of another one's, which came to be a child of this one
  if (WIFSIGNALED(status) && is_crash(WTERMSIG(status))) {
    const auto text = fmt::format("a process ended by signal {}: {}", WTERMSIG(status), text_of(ended->second.role));
    if (std::find(crashes_.begin(), crashes_.end(), text) == crashes_.end()) crashes_.push_back(text);
  }
  threads_.erase(ended);
}

void FamilyTracer::resume(int tid, int signal) {
  Thread& thread = threads_[tid];
  thread.has_stopped = false;
  const bool looks_at_calls = counts(thread) && (failed_.empty() || thread.error != 0);
  trace(looks_at_calls ? PTRACE_SYSCALL : PTRACE_CONT, tid, 0, static_cast<std::uint64_t>(signal));
}

}  // namespace troupe::campaigns
