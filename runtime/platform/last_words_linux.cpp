// SPDX-License-Identifier: BSL-1.0
// What a process says of itself when it dies.
#include <cxxabi.h>
#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <boost/core/demangle.hpp>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <new>
#include <string_view>
#include <typeinfo>

#include "platform/crash_trace.hpp"

namespace troupe::platform {
namespace {

// glibc keeps its last words for debuggers: GDB and the like find them by this name.
struct AbortMessage {
  unsigned int bytes;  // of the mapping that this lies in
  char text[1];        // and on
};
const AbortMessage* const* abort_message() {
  static const auto found = static_cast<const AbortMessage* const*>(::dlvsym(RTLD_DEFAULT, "__abort_msg", "GLIBC_PRIVATE"));
  return found;
}

CrashTrace* trace_of_process = nullptr;
int traced_pid = 0;  // the trace is not that of its forked children
std::terminate_handler former_terminate = nullptr;

class Words {
 public:
  explicit Words(CrashTrace& trace) : trace_(trace) {}
  ~Words() { trace_.word_bytes.store(static_cast<std::uint32_t>(length_), std::memory_order_release); }
  Words(const Words&) = delete;
  Words& operator=(const Words&) = delete;

  void add(std::string_view text) {
    const std::size_t bytes = std::min(text.size(), CrashTrace::kMostWords - length_);
    std::copy_n(text.data(), bytes, trace_.words.data() + length_);
    length_ += bytes;
  }

 private:
  CrashTrace& trace_;
  std::size_t length_ = 0;
};

// Demangling takes memory.
void add_type(Words& words) try {
  const std::type_info& type = *abi::__cxa_current_exception_type();
  words.add(type == typeid(std::bad_alloc) ? "std::bad_alloc" : boost::core::demangle(type.name()));
} catch (const std::bad_alloc&) {
  words.add(abi::__cxa_current_exception_type()->name());
}

void describe_current_exception(Words& words) try { throw; } catch (const std::bad_alloc&) {
  trace_of_process->lacked_memory.store(1, std::memory_order_relaxed);
  add_type(words);
} catch (const std::exception& error) {
  add_type(words);
  words.add(": ");
  words.add(error.what());
} catch (...) {
  add_type(words);
}

void on_terminate() {
  static std::atomic_flag is_written;
  if (::getpid() == traced_pid && !is_written.test_and_set()) {
    Words words(*trace_of_process);
    if (abi::__cxa_current_exception_type() != nullptr) {
      words.add("nobody caught an exception: ");
      describe_current_exception(words);
    } else {
      words.add("std::terminate was called without an exception, as when a std::thread is destroyed that nobody has joined");
    }
  }
  former_terminate();
  std::abort();
}

}  // namespace

void write_whether_memory_was_left(CrashTrace& trace) noexcept {
  constexpr int kPrivate = MAP_PRIVATE | MAP_ANONYMOUS;
  void* probe = ::mmap(nullptr, CrashTrace::kProbeBytes, PROT_READ | PROT_WRITE, kPrivate, -1, 0);
  if (probe == MAP_FAILED) trace.had_no_memory.store(1, std::memory_order_release);
  if (probe != MAP_FAILED) ::munmap(probe, CrashTrace::kProbeBytes);
}

void write_abort_words(CrashTrace& trace) noexcept {
  const AbortMessage* message = abort_message() != nullptr ? *abort_message() : nullptr;
  if (message == nullptr || trace.word_bytes.load(std::memory_order_relaxed) != 0) return;
  const std::string_view text(message->text, std::char_traits<char>::length(message->text));
  Words(trace).add(text.substr(0, text.find_last_not_of('\n') + 1));
}

namespace {

std::uintptr_t stack_pointer_in(const void* context) {
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RSP]);
#else
  return 0;
#endif
}

// The kernel reads the set before it sees that it is asked for nothing that there is.
bool is_readable(std::uintptr_t address) {
  constexpr int kNothing = -1;
  constexpr std::size_t kSetBytes = 8;
  const void* const set = reinterpret_cast<const void*>(address & ~(kSetBytes - 1));
  return ::syscall(SYS_rt_sigprocmask, kNothing, set, nullptr, kSetBytes) == 0 || errno != EFAULT;
}

}  // namespace

// What is called puts its return address below the stack pointer; a large frame is touched above it, when the pointer has left
// the stack already.
void write_overflow_words(CrashTrace& trace, std::uintptr_t fault_address, const void* context) noexcept {
  constexpr std::uintptr_t kNear = 64 * 1024;
  const std::uintptr_t pointer = stack_pointer_in(context);
  if (fault_address == 0 || pointer == 0) return;
  const bool is_overflow = fault_address < pointer ? pointer - fault_address <= kNear : !is_readable(pointer);
  if (is_overflow) Words(trace).add("its stack has overflowed");
}

// The system call itself: the C library's getcwd may take memory.
void write_directory(CrashTrace& trace) noexcept {
  if (::syscall(SYS_getcwd, trace.directory.data(), trace.directory.size()) < 0) trace.directory[0] = '\0';
}

void write_words_of_uncaught_exceptions(CrashTrace& trace) {
  (void)abort_message();  // found now: a handler of signals may not look for it
  trace_of_process = &trace;
  traced_pid = ::getpid();
  former_terminate = std::set_terminate(&on_terminate);
}

}  // namespace troupe::platform
