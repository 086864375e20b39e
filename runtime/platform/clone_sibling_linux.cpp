// SPDX-License-Identifier: BSL-1.0
#include <fmt/format.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <string>

#include "platform/launch.hpp"
#include "platform/os_error.hpp"
#include "platform/sanitizer.hpp"

namespace troupe::platform {
namespace {

// ThreadSanitizer's own thread is not seen by the program, and not needed by the child.
constexpr std::ptrdiff_t kOwnThreads = kUnderThreadSanitizer ? 2 : 1;

// Where glibc keeps this thread's id: the kernel was told at the thread's start. Null: this kernel does not say.
int* thread_id_address() {
  int* address = nullptr;
  return ::prctl(PR_GET_TID_ADDRESS, &address) == 0 ? address : nullptr;
}

// A folder has two links to itself and one for each folder in it. 0: unknown.
std::ptrdiff_t count_threads() {
  struct stat task {};
  return ::stat("/proc/self/task", &task) == 0 ? static_cast<std::ptrdiff_t>(task.st_nlink) - 2 : 0;
}

// fork() but for the parent: glibc finds its thread id renewed, as fork() would leave it.
long clone_beside(int* thread_id) {
  constexpr unsigned long kFlags = CLONE_PARENT | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD;
#if defined(__x86_64__)
  return ::syscall(SYS_clone, kFlags, nullptr, nullptr, thread_id, nullptr);
#else
  return ::syscall(SYS_clone, kFlags, nullptr, nullptr, nullptr, thread_id);
#endif
}

}  // namespace

bool can_clone_sibling(std::string& reason) {
  if (thread_id_address() == nullptr) {
    reason = "the kernel does not tell where the thread id lies (PR_GET_TID_ADDRESS)";
    return false;
  }
  const std::ptrdiff_t threads = count_threads();
  if (threads == 0) reason = "/proc/self/task cannot be read";
  if (threads > kOwnThreads) reason = fmt::format("the process has {} threads, and only the one that forks would go on", threads);
  return threads > 0 && threads <= kOwnThreads;
}

int clone_sibling() {
  int* thread_id = thread_id_address();
  if (thread_id == nullptr) throw_os_error(errno, "cloning a sibling: PR_GET_TID_ADDRESS");
  robust_list_head* robust_list = nullptr;  // glibc's; the kernel forgets it in the child
  std::size_t robust_list_bytes = 0;
  ::syscall(SYS_get_robust_list, 0, &robust_list, &robust_list_bytes);
  const long pid = clone_beside(thread_id);
  if (pid < 0) throw_os_error(errno, "cloning a sibling");
  if (pid == 0 && robust_list != nullptr) ::syscall(SYS_set_robust_list, robust_list, robust_list_bytes);
  return static_cast<int>(pid);
}

}  // namespace troupe::platform
