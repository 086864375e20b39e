// SPDX-License-Identifier: BSL-1.0
#include "tracee.hpp"

#include <elf.h>
#include <fmt/core.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>

#include "campaign.hpp"
#include "processes.hpp"
#include "watchdog.hpp"

namespace troupe::campaigns {

namespace {

#if defined(__x86_64__)
using Registers = user_regs_struct;
auto& program_counter(Registers& registers) { return registers.rip; }
constexpr long with_breakpoint(long word) { return (word & ~0xffL) | 0xcc; }
constexpr std::uint64_t kPassedAtBreakpoint = 1;  // how far behind it the thread stops
#elif defined(__aarch64__)
using Registers = user_regs_struct;
auto& program_counter(Registers& registers) { return registers.pc; }
constexpr long with_breakpoint(long word) { return (word & ~0xffffffffL) | 0xd4200000L; }
constexpr std::uint64_t kPassedAtBreakpoint = 0;
#endif

constexpr int kSystemCallStop = SIGTRAP | 0x80;

long trace(__ptrace_request request, int tid, std::uint64_t address, std::uint64_t data) {
  errno = 0;
  const long result = ::ptrace(request, tid, reinterpret_cast<void*>(address), reinterpret_cast<void*>(data));
  if (errno != 0) throw std::system_error(errno, std::generic_category(), fmt::format("ptrace {} of {}", int{request}, tid));
  return result;
}

Registers registers_of(int tid) {
  Registers registers;
  iovec bytes{&registers, sizeof registers};
  trace(PTRACE_GETREGSET, tid, NT_PRSTATUS, reinterpret_cast<std::uint64_t>(&bytes));
  return registers;
}

void set_registers(int tid, Registers& registers) {
  iovec bytes{&registers, sizeof registers};
  trace(PTRACE_SETREGSET, tid, NT_PRSTATUS, reinterpret_cast<std::uint64_t>(&bytes));
}

bool is_event(int status) { return status >> 16 != 0; }

std::vector<int> threads_of(int pid) {
  std::vector<int> threads;
  for (const auto& each : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid))) {
    threads.push_back(std::stoi(each.path().filename().string()));
  }
  return threads;
}

}  // namespace

Tracee::Tracee(int pid) : pid_(pid) {
  const Step step("stopping a process to trace it");
  try {
    seize_all();
  } catch (...) {
    kill();
    throw;
  }
}

Tracee::~Tracee() { kill(); }

// A thread that runs may make others, so this is over when a whole look finds none that is not stopped.
void Tracee::seize_all() {
  for (bool has_new = true; has_new;) {
    has_new = false;
    for (const int tid : threads_of(pid_)) {
      if (knows(tid)) continue;
      if (!seize(tid)) continue;
      threads_.push_back(tid);
      if (!WIFSTOPPED(await(tid))) threads_.pop_back();
      has_new = true;
    }
  }
}

bool Tracee::knows(int tid) const { return std::find(threads_.begin(), threads_.end(), tid) != threads_.end(); }

// It is about to stop. False: it has ended.
bool Tracee::seize(int tid) {
  if (::ptrace(PTRACE_SEIZE, tid, nullptr, PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE | PTRACE_O_TRACESYSGOOD) != 0) {
    if (errno == ESRCH) return false;
    // One that was made by a thread which is traced already is traced from birth, and stops by itself.
    if (errno == EPERM && !threads_.empty()) return true;
    throw std::system_error(errno, std::generic_category(), fmt::format("seizing thread {}", tid));
  }
  return ::ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr) == 0 || errno != ESRCH;
}

int Tracee::await(int tid) const {
  int status = 0;
  while (::waitpid(tid, &status, __WALL) < 0) {
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), fmt::format("waitpid of {}", tid));
  }
  return status;
}

void Tracee::plant(const Places& places) {
  for (const std::uint64_t place : places) {
    const long word = trace(PTRACE_PEEKTEXT, current_ != 0 ? current_ : pid_, place, 0);
    planted_.push_back({place, word});
    trace(PTRACE_POKETEXT, current_ != 0 ? current_ : pid_, place, static_cast<std::uint64_t>(with_breakpoint(word)));
  }
}

void Tracee::uproot() {
  for (; !planted_.empty(); planted_.pop_back()) {
    trace(PTRACE_POKETEXT, current_, planted_.back().place, static_cast<std::uint64_t>(planted_.back().word));
  }
}

void Tracee::run_to(const Places& places, int passes) {
  const Step step("waiting for a traced process to come to a place");
  plant(places);
  for (const int tid : threads_) trace(PTRACE_CONT, tid, 0, 0);
  for (current_ = await_breakpoint(); passes > 0; --passes, current_ = await_breakpoint()) pass_over(take_breakpoint());
  take_breakpoint();
  uproot();
}

// The next thread that stops at a breakpoint; others that stop are let run.
int Tracee::await_breakpoint() {
  for (;;) {
    for (std::size_t i = 0; i < threads_.size(); ++i) {
      const int tid = threads_[i];
      int status = 0;
      if (::waitpid(tid, &status, __WALL | WNOHANG) != tid) continue;
      expect(WIFSTOPPED(status), "the traced process {} ended before it came to its place", pid_);
      if (WSTOPSIG(status) == SIGTRAP && !is_event(status)) return tid;
      if (status >> 16 == PTRACE_EVENT_CLONE) {
        unsigned long made = 0;
        trace(PTRACE_GETEVENTMSG, tid, 0, reinterpret_cast<std::uint64_t>(&made));
        if (!knows(static_cast<int>(made))) threads_.push_back(static_cast<int>(made));
      }
      trace(PTRACE_CONT, tid, 0, is_event(status) ? 0 : static_cast<std::uint64_t>(WSTOPSIG(status)));
    }
    ::sched_yield();
  }
}

// Where the thread stands that has hit a breakpoint; it will run the instruction that was there.
std::uint64_t Tracee::take_breakpoint() {
  Registers registers = registers_of(current_);
  program_counter(registers) -= kPassedAtBreakpoint;
  if constexpr (kPassedAtBreakpoint != 0) set_registers(current_, registers);
  return program_counter(registers);
}

void Tracee::pass_over(std::uint64_t place) {
  const auto hit = std::find_if(planted_.begin(), planted_.end(), [&](const Planted& each) { return each.place == place; });
  expect(hit != planted_.end(), "the traced process {} stopped at {:#x}, where no breakpoint is", pid_, place);
  trace(PTRACE_POKETEXT, current_, place, static_cast<std::uint64_t>(hit->word));
  (void)step();
  trace(PTRACE_POKETEXT, current_, place, static_cast<std::uint64_t>(with_breakpoint(hit->word)));
  trace(PTRACE_CONT, current_, 0, 0);
}

std::uint64_t Tracee::step() {
  for (std::uint64_t signal = 0;;) {
    trace(PTRACE_SINGLESTEP, current_, 0, signal);
    const int status = await(current_);
    expect(WIFSTOPPED(status), "the traced process {} ended by itself", pid_);
    if (WSTOPSIG(status) == SIGTRAP && !is_event(status)) break;
    signal = is_event(status) ? 0 : static_cast<std::uint64_t>(WSTOPSIG(status));
  }
  Registers registers = registers_of(current_);
  return program_counter(registers);
}

bool Tracee::step_to_kernel(const Places& places) {
  plant(places);
  int status = 0;
  for (std::uint64_t signal = 0;;) {
    trace(PTRACE_SYSCALL, current_, 0, signal);
    status = await(current_);
    expect(WIFSTOPPED(status), "the traced process {} ended by itself", pid_);
    if (!is_event(status) && (WSTOPSIG(status) == SIGTRAP || WSTOPSIG(status) == kSystemCallStop)) break;
    signal = is_event(status) ? 0 : static_cast<std::uint64_t>(WSTOPSIG(status));
  }
  const bool is_in_kernel = WSTOPSIG(status) == kSystemCallStop;
  if (!is_in_kernel) take_breakpoint();
  uproot();
  return is_in_kernel;
}

// The leader ends last: the kernel tells of a process when its other threads have been waited for.
void Tracee::kill() noexcept {
  if (!std::exchange(is_alive_, false)) return;
  const Step step("waiting for a killed process that is traced");
  try {
    if (const auto process = open_process(pid_)) process->kill();
    for (const int tid : threads_of(pid_)) {  // some may have been traced from birth, and not been met
      if (!knows(tid)) threads_.push_back(tid);
    }
    std::partition(threads_.begin(), threads_.end(), [this](int tid) { return tid != pid_; });
    for (const int tid : threads_) {
      int status = 0;
      while (::waitpid(tid, &status, __WALL) == tid && WIFSTOPPED(status)) {
      }
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "campaign: killing the traced process {} failed: {}\n", pid_, error.what());
  }
}

}  // namespace troupe::campaigns
