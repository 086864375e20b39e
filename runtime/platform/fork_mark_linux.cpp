// SPDX-License-Identifier: BSL-1.0
#include "platform/fork_mark.hpp"

#include <pthread.h>

#include <atomic>

#include "platform/os_error.hpp"

namespace troupe::platform {
namespace {

std::atomic<bool> is_marked{false};

void mark_child() { is_marked.store(true, std::memory_order_relaxed); }

bool watch() {
  if (const int error = ::pthread_atfork(nullptr, nullptr, &mark_child)) throw_os_error(error, "pthread_atfork");
  return true;
}

}  // namespace

bool is_forked_child() noexcept { return is_marked.load(std::memory_order_relaxed); }

void watch_forks() { [[maybe_unused]] static const bool is_watching = watch(); }

}  // namespace troupe::platform
