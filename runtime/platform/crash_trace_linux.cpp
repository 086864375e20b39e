// SPDX-License-Identifier: BSL-1.0
#include "platform/crash_trace.hpp"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include <algorithm>
#include <csetjmp>
#include <csignal>
#include <ctime>
#include <optional>

#include "platform/former_handler_linux.hpp"

// Unwinding by libgcc is async-signal-safe where it finds a file's tables by _dl_find_object (glibc 2.35, GCC 12).
namespace troupe::platform {
namespace {

constexpr int kMostFrames = 64;

struct Stack {
  std::array<std::uintptr_t, kMostFrames> addresses;
  int count = 0;

  void add(std::uintptr_t address) {
    if (count < kMostFrames) addresses[static_cast<std::size_t>(count++)] = address;
  }
};

std::optional<std::uintptr_t> interrupted_address(const void* context) {
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
#else
  return std::nullopt;
#endif
}

// Where a call through a bad pointer has put its return address.
std::uintptr_t top_of_stack(const void* context) {
#if defined(__x86_64__)
  return *reinterpret_cast<const std::uintptr_t*>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RSP]);
#else
  return 0;
#endif
}

// A return address belongs to the call before it, which may be the last of its function.
_Unwind_Reason_Code note_frame(_Unwind_Context* context, void* stack) {
  int is_interrupted = 0;
  const std::uintptr_t address = _Unwind_GetIPInfo(context, &is_interrupted);
  if (address == 0) return _URC_END_OF_STACK;
  static_cast<Stack*>(stack)->add(is_interrupted != 0 ? address : address - 1);
  return static_cast<Stack*>(stack)->count == kMostFrames ? _URC_END_OF_STACK : _URC_NO_REASON;
}

// ---- reading what may be ruined

// One thread at a time, which holds this; a crash keeps it.
std::atomic_flag is_tracing;
sigjmp_buf way_out;
std::atomic<pid_t> thread_inside{0};

constexpr std::array kFaults{SIGSEGV, SIGBUS};
std::array<struct sigaction, kFaults.size()> former_actions;  // of these

// Another thread's fault is its own affair: its process may be about to live on.
void leave(int number, siginfo_t* cause, void* context) {
  if (::gettid() == thread_inside.load(std::memory_order_relaxed)) ::siglongjmp(way_out, 1);
  const struct sigaction& former = former_actions[number == kFaults[0] ? 0 : 1];
  if (run_former_handler(former, number, cause, context)) return;
  ::sigaction(number, &former, nullptr);
  ::syscall(SYS_tgkill, ::getpid(), ::gettid(), number);  // delivered on return
}

// While one lives, a fault in this thread leads out of `guarded`.
class FaultsCaught {
 public:
  FaultsCaught() noexcept {
    thread_inside.store(::gettid(), std::memory_order_relaxed);
    struct sigaction leaving {};
    leaving.sa_sigaction = &leave;
    leaving.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    for (std::size_t i = 0; i < kFaults.size(); ++i) replace(i, leaving);
  }
  ~FaultsCaught() {
    for (std::size_t i = 0; i < kFaults.size(); ++i) restore(i);
    thread_inside.store(0, std::memory_order_relaxed);
  }
  FaultsCaught(const FaultsCaught&) = delete;
  FaultsCaught& operator=(const FaultsCaught&) = delete;

  // What `act` had done before a fault stays done; nothing is destroyed on the way out.
  template <class Act>
  void guarded(const Act& act) const {
    sigset_t faults, former;
    ::sigemptyset(&faults);
    for (const int each : kFaults) ::sigaddset(&faults, each);
    ::pthread_sigmask(SIG_SETMASK, nullptr, &former);
    if (sigsetjmp(way_out, 0) == 0) {
      ::pthread_sigmask(SIG_UNBLOCK, &faults, nullptr);
      act();
    }
    ::pthread_sigmask(SIG_SETMASK, &former, nullptr);
  }

 private:
  static struct sigaction current(std::size_t which) {
    struct sigaction action {};
    ::sigaction(kFaults[which], nullptr, &action);
    return action;
  }
  // A crash that did not wait for the trace of another thread finds ours.
  static void replace(std::size_t which, const struct sigaction& leaving) {
    const struct sigaction former = current(which);
    if (former.sa_sigaction != &leave) former_actions[which] = former;
    ::sigaction(kFaults[which], &leaving, nullptr);
  }
  // Another thread may have put its own there meanwhile.
  static void restore(std::size_t which) {
    if (current(which).sa_sigaction == &leave) ::sigaction(kFaults[which], &former_actions[which], nullptr);
  }
};

// Without the handler's own frames. Where the unwinder did not come as far as the interrupted one, it is the only one.
void drop_handler(Stack& stack, const void* context) {
  const auto interrupted = interrupted_address(context);
  if (!interrupted) return;
  auto* const end = stack.addresses.begin() + stack.count;
  auto* const first = std::find(stack.addresses.begin(), end, *interrupted);
  stack.count = 0;
  if (first == end) return stack.add(*interrupted);
  for (auto* each = first; each != end; ++each) stack.add(*each);
}

// ---- text

class TraceText {
 public:
  explicit TraceText(CrashTrace& trace) : trace_(trace) { trace_.bytes.store(0, std::memory_order_release); }

  // A line that finds no room is left out, and what comes after it.
  bool add_line(std::uintptr_t address) {
    dl_find_object file;
    if (::_dl_find_object(reinterpret_cast<void*>(address), &file) == 0) {
      const char* name = file.dlfo_link_map->l_name;
      add(name[0] != '\0' ? name : own_file());
      add("+");
      address -= file.dlfo_link_map->l_addr;
    }
    add_hexadecimal(address);
    add("\n");
    if (length_ > CrashTrace::kMostBytes) return false;
    trace_.bytes.store(static_cast<std::uint32_t>(length_), std::memory_order_release);
    return true;
  }

 private:
  const char* own_file() {
    if (own_file_[0] == '\0') {
      const auto length = ::readlink("/proc/self/exe", own_file_.data(), own_file_.size() - 1);
      const bool is_whole = length > 0 && static_cast<std::size_t>(length) < own_file_.size() - 1;
      own_file_[is_whole ? static_cast<std::size_t>(length) : 0] = '\0';
      if (!is_whole) own_file_[0] = '?';
    }
    return own_file_.data();
  }
  void add(const char* text) {
    for (; *text != '\0'; ++text, ++length_) {
      if (length_ < CrashTrace::kMostBytes) trace_.text[length_] = *text;
    }
  }
  void add_hexadecimal(std::uintptr_t number) {
    std::array<char, 2 * sizeof number + 3> digits{};
    char* first = digits.end() - 1;
    do {
      *--first = "0123456789abcdef"[number % 16];
      number /= 16;
    } while (number != 0);
    *--first = 'x';
    *--first = '0';
    add(first);
  }

  CrashTrace& trace_;
  std::size_t length_ = 0;
  std::array<char, 1024> own_file_{};
};

void write(CrashTrace& trace, const void* context) noexcept {
  const FaultsCaught caught;
  Stack stack;
  caught.guarded([&] { _Unwind_Backtrace(&note_frame, &stack); });
  drop_handler(stack, context);
  // Then the caller may be what a call through a bad pointer has left.
  if (stack.count == 1) caught.guarded([&] { stack.add(top_of_stack(context) - 1); });
  TraceText text(trace);
  caught.guarded([&] {
    for (int i = 0; i < stack.count && text.add_line(stack.addresses[static_cast<std::size_t>(i)]); ++i) continue;
  });
}

}  // namespace

// Another thread's trace takes microseconds, unless it never ends.
void write_crash_trace(CrashTrace& trace, const void* context) noexcept {
  constexpr int kMostMilliseconds = 100;
  constexpr timespec kMillisecond{0, 1'000'000};
  for (int i = 0; i < kMostMilliseconds && is_tracing.test_and_set(std::memory_order_acquire); ++i)
    ::nanosleep(&kMillisecond, nullptr);
  write(trace, context);
}

bool write_stack_trace(CrashTrace& trace, const void* context) noexcept {
  if (is_tracing.test_and_set(std::memory_order_acquire)) return false;
  write(trace, context);
  is_tracing.clear(std::memory_order_release);
  return true;
}

}  // namespace troupe::platform
