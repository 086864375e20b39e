// SPDX-License-Identifier: BSL-1.0
#include "platform/futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>

#include "platform/deadline_linux.hpp"
#include "platform/os_error.hpp"

namespace troupe::platform {
namespace {

#ifndef SYS_futex_waitv
constexpr long SYS_futex_waitv = 449;
#endif

constexpr unsigned kFutexWord32 = 2;  // FUTEX_32: what futex_waitv calls a word of 32 bits

constexpr int private_flag(FutexScope scope) { return scope == FutexScope::this_process ? FUTEX_PRIVATE_FLAG : 0; }

// EAGAIN: the word differed already. EINTR: a signal came.
FutexWake outcome(long result, int error, const char* what) {
  if (result >= 0 || error == EAGAIN || error == EINTR) return FutexWake::woken_or_changed;
  if (error == ETIMEDOUT) return FutexWake::timed_out;
  throw_os_error(error, what);
}

futex_waitv waiter(const FutexTarget& target) {
  futex_waitv waiter{};
  waiter.val = target.expected;
  waiter.uaddr = reinterpret_cast<std::uintptr_t>(target.word);
  waiter.flags = kFutexWord32 | static_cast<unsigned>(private_flag(target.scope));
  return waiter;
}

// Without waiters the call fails in any case: with EINVAL where it exists.
bool try_futex_waitv() { return ::syscall(SYS_futex_waitv, nullptr, 0, 0, nullptr, CLOCK_MONOTONIC) < 0 && errno == EINVAL; }

}  // namespace

FutexWake futex_wait(const FutexWord& word, std::uint32_t expected, FutexScope scope,
                     std::chrono::steady_clock::time_point deadline) {
  const auto time = KernelTime::at(deadline);
  const long result =
      ::syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | private_flag(scope), expected, time.get(), nullptr, FUTEX_BITSET_MATCH_ANY);
  return outcome(result, errno, "futex wait");
}

FutexWake futex_wait_any(std::span<const FutexTarget> targets, std::chrono::steady_clock::time_point deadline) {
  if (targets.empty() || targets.size() > kMaxFutexTargets) throw std::invalid_argument("futex_wait_any: 1 to 128 words");
  std::array<futex_waitv, kMaxFutexTargets> waiters;  // uninitialised: only the first targets.size() are read
  for (std::size_t i = 0; i < targets.size(); ++i) waiters[i] = waiter(targets[i]);
  const auto time = KernelTime::at(deadline);
  const long result = ::syscall(SYS_futex_waitv, waiters.data(), targets.size(), 0, time.get(), CLOCK_MONOTONIC);
  return outcome(result, errno, "futex wait for several words");
}

bool has_futex_wait_any() {
  static const bool has = try_futex_waitv();
  return has;
}

void futex_wake(const FutexWord& word, int count, FutexScope scope) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE | private_flag(scope), count, nullptr, nullptr, 0);
}

}  // namespace troupe::platform
