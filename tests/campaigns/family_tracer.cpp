// SPDX-License-Identifier: BSL-1.0
#include "family_tracer.hpp"

#include <fcntl.h>
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
#include <sstream>
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

// Some calls never fail for lack of anything, and asio relies on that. It registers handles of its own with each epoll instance,
// too, two for the loop and one for signals (a pipe), and does not look whether it could: where a limit of the system's
// (fs.epoll.max_user_watches) is met just there, the loop cannot be woken, or hears no signal. Met a step later, it makes
// Boost.Process lose the pidfd that it has just opened.
bool is_spared_epoll_call(int tid, const __ptrace_syscall_info& call) {
  if (call.entry.args[1] != EPOLL_CTL_ADD) return true;
  const auto events = static_cast<std::uint32_t>(trace(PTRACE_PEEKDATA, tid, call.entry.args[3], 0));
  if ((events & EPOLLPRI) == 0) return true;  // which it waits for with all but the loop's own
  std::error_code gone;
  const std::string what = std::filesystem::read_symlink(fmt::format("/proc/{}/fd/{}", tid, call.entry.args[2]), gone);
  return what.starts_with("pipe:") || what == "anon_inode:[pidfd]";
}

bool is_spared(int tid, const __ptrace_syscall_info& call) {
  if (call.entry.nr == SYS_epoll_ctl) return is_spared_epoll_call(tid, call);
  constexpr std::array kFlagCommands = {F_GETFD, F_SETFD, F_GETFL, F_SETFL};
  const auto command = static_cast<int>(call.entry.args[1]);
  return call.entry.nr == SYS_fcntl && std::count(kFlagCommands.begin(), kFlagCommands.end(), command) != 0;
}

// The file that a thread runs in, with the offset into it; empty: it has none.
std::string place_of(int tid) {
  __ptrace_syscall_info where{};
  if (trace(PTRACE_GET_SYSCALL_INFO, tid, sizeof where, reinterpret_cast<std::uint64_t>(&where)) < 0) return {};
  std::ifstream maps(fmt::format("/proc/{}/maps", tid));
  for (std::string line; std::getline(maps, line);) {
    std::istringstream fields(line);
    std::uint64_t begin = 0, end = 0, offset = 0;
    std::string rights, device, inode, path;
    char dash = 0;
    fields >> std::hex >> begin >> dash >> end >> rights >> offset >> device >> inode >> path;
    if (where.instruction_pointer < begin || where.instruction_pointer >= end) continue;
    return fmt::format("{}+{:#x}", path, where.instruction_pointer - begin + offset);
  }
  return {};
}

// The system's loader crashes when it gets no memory at certain moments, before the program's own code runs.
bool is_in_loader(const std::string& place) { return place.find("/ld-linux") != std::string::npos; }

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
      release_orphans();
    }
  }
}

// The first stop of a new one, and what its maker tells of it, come in either order.
void FamilyTracer::on_stop(int tid, int status) {
  Thread& thread = threads_[tid];
  thread.has_stopped = true;
  if (!thread.is_free) return;
  const int event = status >> 16;
  if (event != 0) return on_event(tid, event);
  if (WSTOPSIG(status) != kSystemCallStop) return on_signal(tid, thread, WSTOPSIG(status));
  on_call(tid, thread);
  resume(tid);
}

void FamilyTracer::on_signal(int tid, Thread& thread, int signal) {
  if (is_crash(signal)) thread.crash = place_of(tid);
  resume(tid, signal);
}

void FamilyTracer::on_event(int tid, int event) {
  if (event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK) {
    unsigned long made = 0;
    trace(PTRACE_GETEVENTMSG, tid, 0, reinterpret_cast<std::uint64_t>(&made));
    const int child = static_cast<int>(made);
    const auto role = threads_[tid].role;
    adopt(child, role && is_leader(child) ? next(*role) : role);
  }
  resume(tid);
}

void FamilyTracer::adopt(int tid, std::optional<Role> role) {
  Thread& thread = threads_[tid];
  thread.role = role;
  thread.is_free = true;
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
  if (failing == nullptr || is_spared(tid, call) || ++calls_ != fault_.number) return;
  skip_call(tid);
  thread.error = failing->error;
  failed_ = fmt::format("{} failed in the {} ({})", failing->name, text_of(fault_.role),
                        std::generic_category().message(failing->error));
}

void FamilyTracer::on_end(int tid, int status) {
  const auto ended = threads_.find(tid);
  if (tid == client_ && WIFEXITED(status)) client_exit_code_ = WEXITSTATUS(status);
  if (ended == threads_.end()) return;  // a process of another one's, which came to be a child of this one
  if (WIFSIGNALED(status) && is_crash(WTERMSIG(status)) && !is_in_loader(ended->second.crash)) {
    const auto text = fmt::format("a process ended by signal {}: {}, in {}", WTERMSIG(status),
                                  ended->second.role ? text_of(*ended->second.role) : "of unknown role", ended->second.crash);
    if (std::find(crashes_.begin(), crashes_.end(), text) == crashes_.end()) crashes_.push_back(text);
  }
  threads_.erase(ended);
}

// Somebody has ended, perhaps the maker of one that nobody has told of.
void FamilyTracer::release_orphans() {
  for (const auto& [tid, thread] : threads_) {
    if (!thread.is_free && thread.has_stopped) adopt(tid, std::nullopt);
  }
}

void FamilyTracer::resume(int tid, int signal) {
  Thread& thread = threads_[tid];
  thread.has_stopped = false;
  const bool looks_at_calls = counts(thread) && (failed_.empty() || thread.error != 0);
  trace(looks_at_calls ? PTRACE_SYSCALL : PTRACE_CONT, tid, 0, static_cast<std::uint64_t>(signal));
}

}  // namespace troupe::campaigns
