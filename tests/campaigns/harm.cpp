// SPDX-License-Identifier: BSL-1.0
#include "harm.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <new>
#include <stdexcept>

// Each of these is found by its name in a backtrace, and does what it says whatever the compiler knows of it: the addresses and
// numbers are volatile, and a sanitizer that would call them errors before the processor does looks elsewhere.
namespace troupe::campaigns {

[[gnu::noinline]] void write_nowhere() {
  volatile std::uintptr_t nowhere = 8;
  *reinterpret_cast<volatile int*>(nowhere) = 1;
}

[[gnu::noinline]] void call_abort() { std::abort(); }

[[gnu::noinline]] __attribute__((no_sanitize("undefined"))) void divide_by_zero() {
  volatile int dividend = 1, divisor = 0;
  dividend = dividend / divisor;
}

// A page of a file that has none.
[[gnu::noinline]] void read_past_the_end() {
  const int file = ::memfd_create("empty", MFD_CLOEXEC);
  const void* page = ::mmap(nullptr, 1, PROT_READ, MAP_SHARED, file, 0);
  (void)*static_cast<const volatile char*>(page);
}

[[gnu::noinline]] void run_what_is_no_instruction() { __builtin_trap(); }

[[gnu::noinline]] int recurse(int depth) {
  int (*volatile deeper)(int) = &recurse;
  volatile char frame[512];
  frame[0] = 1;
  return deeper(depth + 1) + frame[0];
}

// Whatever the stack of the process may be otherwise.
[[gnu::noinline]] void overflow_the_stack() {
  rlimit limit{};
  ::getrlimit(RLIMIT_STACK, &limit);
  constexpr rlim_t kFewBytes = 8 * 1024 * 1024;
  if (limit.rlim_cur > kFewBytes) limit.rlim_cur = kFewBytes;
  ::setrlimit(RLIMIT_STACK, &limit);
  recurse(0);
}

[[gnu::noinline]] void call_exit() { std::exit(0); }

[[gnu::noinline]] void call_quick_exit() { ::_exit(7); }

[[gnu::noinline]] void throw_something() { throw std::runtime_error(kHarmThrown); }

[[gnu::noinline]] void call_terminate() { std::terminate(); }

#if defined(__SANITIZE_ADDRESS__)
[[noreturn]] void throw_for_want_of_memory() { throw std::bad_alloc(); }
#endif

// All that the process has left, and it gets no more: what has to be said about this end is said without memory. A sanitizer
// does not live on without.
[[gnu::noinline]] void use_all_memory() noexcept {
#if defined(__SANITIZE_ADDRESS__)
  throw_for_want_of_memory();
#else
  rlimit limit{};
  ::getrlimit(RLIMIT_DATA, &limit);
  limit.rlim_cur = 1;
  ::setrlimit(RLIMIT_DATA, &limit);
  void* volatile taken = &limit;  // seen by the compiler as used
  for (std::size_t bytes = 1024 * 1024; bytes >= 16; bytes /= 2) {
    do taken = ::operator new(bytes, std::nothrow);
    while (taken != nullptr);
  }
  for (;;) taken = ::operator new(16);
#endif
}

[[gnu::noinline]] void loop_for_ever() {
  for (volatile bool goes_on = true; goes_on;) continue;
}

void suffer(Harm harm) {
  switch (harm) {
    case Harm::segmentation_fault:
      return write_nowhere();
    case Harm::abort:
      return call_abort();
    case Harm::division_by_zero:
      return divide_by_zero();
    case Harm::bus_error:
      return read_past_the_end();
    case Harm::illegal_instruction:
      return run_what_is_no_instruction();
    case Harm::stack_overflow:
      return overflow_the_stack();
    case Harm::exit:
      return call_exit();
    case Harm::quick_exit:
      return call_quick_exit();
    case Harm::exception:
      return throw_something();
    case Harm::terminate:
      return call_terminate();
    case Harm::out_of_memory:
      return use_all_memory();
    case Harm::endless_loop:
      return loop_for_ever();
    case Harm::none:
      return;
  }
}

namespace {

constexpr const char* kVariable = "TROUPE_CAMPAIGN_HARM";  // a role, a space, the number of a harm
constexpr const char* kRoleVariable = "TROUPE_ROLE";       // the library's: begins with the role and a space

}  // namespace

std::pair<std::string, std::string> harm_at_start(const char* role, Harm harm) {
  return {kVariable, role + (' ' + std::to_string(static_cast<int>(harm)))};
}

namespace {

// In a process that was started in a role, before its main. In one that was forked from such a one: long ago.
[[maybe_unused]] const bool has_suffered = [] {
  const char* const order = std::getenv(kVariable);
  const char* const own = std::getenv(kRoleVariable);
  if (order == nullptr || own == nullptr) return false;
  const std::string wanted(order);
  const auto role_bytes = wanted.find(' ') + 1;
  if (wanted.compare(0, role_bytes, own, role_bytes) == 0) suffer(static_cast<Harm>(std::stoi(wanted.substr(role_bytes))));
  return true;
}();

}  // namespace

}  // namespace troupe::campaigns
