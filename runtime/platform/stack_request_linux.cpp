// SPDX-License-Identifier: BSL-1.0
#include "platform/stack_request.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <stdexcept>

#include "platform/former_handler_linux.hpp"
#include "platform/os_error.hpp"

// Why SIGURG: programs hardly use it, a debugger passes it on without a word, and whoever does not handle it is not ended by it,
// so it may come late: to a process that has become another program, or has put all signals back to their defaults.
namespace troupe::platform {
namespace {

constexpr int kSignal = SIGURG;
constexpr std::uintptr_t kMark = 0x7472'6f75'7065;  // the signal's value: it is from here

// Written once, before the handler is installed.
LifePage* asked_page = nullptr;
int asked_pid = 0;  // its forked children answer nothing
struct sigaction former_action;

bool is_request(const siginfo_t& cause) {
  return cause.si_code == SI_QUEUE && reinterpret_cast<std::uintptr_t>(cause.si_value.sival_ptr) == kMark;
}

void answer(const void* context) {
  if (!write_stack_trace(asked_page->crash_trace(), context)) return;
  auto& count = asked_page->status().stack_count;
  count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

// The kernel gives it to the main thread if that can take it, which has the process's number; else to any thread.
void on_signal(int number, siginfo_t* cause, void* context) {
  const int error = errno;
  if (!is_request(*cause) || ::getpid() != asked_pid) {
    run_former_handler(former_action, number, cause, context);
  } else if (::gettid() != asked_pid) {
    ::syscall(SYS_rt_tgsigqueueinfo, asked_pid, asked_pid, number, cause);
  } else {
    answer(context);
  }
  errno = error;
}

}  // namespace

void answer_stack_requests(LifePage& page) {
  if (asked_page != nullptr) throw std::logic_error("a process answers for its stack by one life page");
  asked_page = &page;
  asked_pid = ::getpid();
  ::sigaction(kSignal, nullptr, &former_action);
  struct sigaction ours {};
  ours.sa_sigaction = &on_signal;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  ::sigfillset(&ours.sa_mask);
  if (::sigaction(kSignal, &ours, nullptr) != 0) throw_os_error(errno, "handling requests for the stack");
}

void ask_for_stack(const Process& process) noexcept {
  siginfo_t info{};
  info.si_signo = kSignal;
  info.si_code = SI_QUEUE;
  info.si_pid = ::getpid();
  info.si_uid = ::getuid();
  info.si_value.sival_ptr = reinterpret_cast<void*>(kMark);
  ::syscall(SYS_pidfd_send_signal, process.handle().get(), kSignal, &info, 0);
}

}  // namespace troupe::platform
