// SPDX-License-Identifier: BSL-1.0
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <stdexcept>

#include "platform/alternate_stack.hpp"
#include "platform/coarse_clock.hpp"
#include "platform/life_page.hpp"
#include "platform/os_error.hpp"

namespace troupe::platform {
namespace {

constexpr std::array kFatalSignals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGXCPU};

// Written once, before the handlers are installed. The page does nothing in a forked child of this process.
LifePage* marked_page = nullptr;
// The main thread's. Volatile, so that who looks for leaks finds it.
AlternateStack* volatile alternate_stack = nullptr;
int marked_pid = 0;
std::array<struct sigaction, NSIG> former_actions;

void mark_exit() { marked_page->fall_all(); }

// The kernel says where, of a fault. It does not of one that has no address (SI_KERNEL), as of a pointer that is none at all
// (no canonical address), and there is none in a signal that somebody has sent.
bool has_fault_address(int number, const siginfo_t& cause) {
  const bool is_fault = number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL || number == SIGTRAP;
  return is_fault && cause.si_code > 0 && cause.si_code != SI_KERNEL;
}

void record(int number, const siginfo_t& cause) {
  LifeStatus& status = marked_page->status();
  const bool has_address = has_fault_address(number, cause);
  status.has_fault_address.store(has_address ? 1 : 0, std::memory_order_relaxed);
  status.fault_address.store(has_address ? reinterpret_cast<std::uintptr_t>(cause.si_addr) : 0, std::memory_order_relaxed);
  status.crashed_at.store(coarse_now().count(), std::memory_order_relaxed);
  status.fatal_signal.store(static_cast<std::uint32_t>(number), std::memory_order_release);
}

// Whether returning from the handler brings the same fault again: the kernel raised it for an instruction that failed.
bool comes_again(int number, const siginfo_t& cause) {
  return cause.si_code > 0 && (number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL);
}

// The first thread that crashes tells; the others give it the time for that, for the process ends with whoever is first to end.
void tell_or_wait(int number, const siginfo_t& cause, const void* context) {
  static std::atomic_flag is_told_of;
  static std::atomic<bool> is_told{false};
  constexpr int kMostMilliseconds = 500;
  constexpr timespec kMillisecond{0, 1'000'000};
  if (is_told_of.test_and_set()) {
    for (int i = 0; i < kMostMilliseconds && !is_told.load(); ++i) ::nanosleep(&kMillisecond, nullptr);
    return;
  }
  record(number, cause);
  marked_page->fall_all();  // before all that takes time: others wait for it
  write_directory(marked_page->crash_trace());
  write_whether_memory_was_left(marked_page->crash_trace());
  if (number == SIGABRT) write_abort_words(marked_page->crash_trace());
  if (number == SIGSEGV) write_overflow_words(marked_page->crash_trace(), marked_page->status().fault_address.load(), context);
  write_crash_trace(marked_page->crash_trace(), context);
  is_told.store(true);
}

void on_fatal_signal(int number, siginfo_t* cause, void* context) {
  const int error = errno;
  if (::getpid() == marked_pid) tell_or_wait(number, *cause, context);
  ::sigaction(number, &former_actions[static_cast<std::size_t>(number)], nullptr);
  if (!comes_again(number, *cause)) ::syscall(SYS_tgkill, ::getpid(), ::gettid(), number);  // delivered on return
  errno = error;
}

// What was there before (the default as a rule, or a sanitizer's handler) runs afterwards. What is ignored stays so, and so
// does a program's own answer to SIGXCPU, after which it may go on.
void handle(int number) {
  struct sigaction& former = former_actions[static_cast<std::size_t>(number)];
  ::sigaction(number, nullptr, &former);
  if (former.sa_handler == SIG_IGN || (number == SIGXCPU && former.sa_handler != SIG_DFL)) return;
  struct sigaction ours {};
  ours.sa_sigaction = &on_fatal_signal;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigfillset(&ours.sa_mask);
  if (::sigaction(number, &ours, nullptr) != 0) throw_os_error(errno, "handling fatal signals");
}

}  // namespace

void mark_life_page_on_crash(LifePage& page) {
  if (marked_page != nullptr) throw std::logic_error("a process has one life page to mark");
  marked_page = &page;
  marked_pid = ::getpid();
  alternate_stack = new AlternateStack;  // for ever
  write_words_of_uncaught_exceptions(page.crash_trace());
  for (const int number : kFatalSignals) handle(number);
  mark_life_page_before_exit_handlers();
}

void mark_life_page_before_exit_handlers() {
  if (marked_page != nullptr) std::atexit(&mark_exit);
}

}  // namespace troupe::platform
