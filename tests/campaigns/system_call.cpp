// SPDX-License-Identifier: BSL-1.0
#include "system_call.hpp"

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace troupe::campaigns {

namespace {

#define TROUPE_CALL(name, error) \
  FailingCall { SYS_##name, error, #name }

// Not here: what only closes, asks for what is known, waits by futex, or changes this thread's own signals; and brk, which
// reports no error, but where the heap ends.
constexpr FailingCall kFailing[] = {
    TROUPE_CALL(mmap, ENOMEM),
    TROUPE_CALL(mprotect, ENOMEM),
    TROUPE_CALL(memfd_create, EMFILE),
    TROUPE_CALL(ftruncate, ENOSPC),
    TROUPE_CALL(fallocate, ENOSPC),
    TROUPE_CALL(fcntl, EMFILE),
    TROUPE_CALL(openat, EMFILE),
    TROUPE_CALL(read, EIO),
    TROUPE_CALL(pread64, EIO),
    TROUPE_CALL(newfstatat, ENOMEM),
    TROUPE_CALL(getdents64, ENOMEM),
    TROUPE_CALL(readlinkat, ENOMEM),
    TROUPE_CALL(socketpair, EMFILE),
    TROUPE_CALL(setsockopt, ENOBUFS),
    TROUPE_CALL(sendmsg, ENOBUFS),
    TROUPE_CALL(sendto, ENOBUFS),
    TROUPE_CALL(recvmsg, ENOMEM),
    TROUPE_CALL(recvfrom, ENOMEM),
    TROUPE_CALL(pipe2, EMFILE),
    TROUPE_CALL(eventfd2, EMFILE),
    TROUPE_CALL(timerfd_create, EMFILE),
    TROUPE_CALL(timerfd_settime, ENOMEM),
    TROUPE_CALL(epoll_create1, EMFILE),
    TROUPE_CALL(epoll_ctl, ENOSPC),
    TROUPE_CALL(epoll_pwait, EINTR),
    TROUPE_CALL(ppoll, EINTR),
    TROUPE_CALL(waitid, EINTR),
    TROUPE_CALL(pidfd_open, EMFILE),
    TROUPE_CALL(clone, EAGAIN),
    TROUPE_CALL(clone3, EAGAIN),
    TROUPE_CALL(execve, ENOMEM),
    TROUPE_CALL(execveat, ENOMEM),
    TROUPE_CALL(prctl, EPERM),
    TROUPE_CALL(prlimit64, EPERM),
    TROUPE_CALL(getrandom, EAGAIN),
    TROUPE_CALL(sigaltstack, ENOMEM),
    TROUPE_CALL(close_range, ENOMEM),
    TROUPE_CALL(dup3, EMFILE),
#if defined(__x86_64__)
    TROUPE_CALL(vfork, EAGAIN),
    TROUPE_CALL(fork, EAGAIN),
    TROUPE_CALL(poll, EINTR),
    TROUPE_CALL(epoll_wait, EINTR),
    TROUPE_CALL(readlink, ENOMEM),
    TROUPE_CALL(dup2, EMFILE),
#endif
};

#undef TROUPE_CALL

}  // namespace

const FailingCall* find_failing_call(std::uint64_t number) {
  const auto* found = std::find_if(std::begin(kFailing), std::end(kFailing),
                                   [&](const auto& each) { return static_cast<std::uint64_t>(each.number) == number; });
  return found == std::end(kFailing) ? nullptr : found;
}

#if defined(__x86_64__)

void skip_call(int tid) { ::ptrace(PTRACE_POKEUSER, tid, offsetof(user_regs_struct, orig_rax), -1L); }

void set_call_error(int tid, int error) {
  ::ptrace(PTRACE_POKEUSER, tid, offsetof(user_regs_struct, rax), -static_cast<long>(error));
}

#elif defined(__aarch64__)

void skip_call(int tid) {
  int none = -1;
  iovec bytes{&none, sizeof none};
  ::ptrace(PTRACE_SETREGSET, tid, NT_ARM_SYSTEM_CALL, &bytes);
}

void set_call_error(int tid, int error) {
  user_regs_struct registers;
  iovec bytes{&registers, sizeof registers};
  ::ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &bytes);
  registers.regs[0] = static_cast<unsigned long long>(-static_cast<long>(error));
  ::ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &bytes);
}

#endif

}  // namespace troupe::campaigns
