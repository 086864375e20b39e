// SPDX-License-Identifier: BSL-1.0
// Everything works, if more slowly, where the kernel does not know futex_waitv (before Linux 5.16, or under the seccomp
// profile of an older container): here a filter of its own refuses that call to this program and its children.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <future>
#include <thread>
#include <troupe/troupe.hpp>
#include <vector>

namespace {

bool refuse_futex_waitv() {
  sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex_waitv, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{sizeof rules / sizeof *rules, rules};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

struct Counter {
  int add(int n) { return value += n; }
  void die() { ::raise(SIGKILL); }

  int value = 0;
};

int check(bool holds, const char* what) {
  if (!holds) std::fprintf(stderr, "old_kernel: %s\n", what);
  return holds ? 0 : 1;
}

int failures(troupe::Runtime& runtime) {
  const auto counter = runtime.spawn<Counter>();
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 4; ++i) {
      callers.emplace_back([&] {
        for (int round = 0; round < 200; ++round) counter.call<&Counter::add>(1).get();
      });
    }
  }
  int failed = check(counter.call<&Counter::add>(0).get() == 800, "calls of four threads were lost");
  std::promise<int> seen;
  counter.call<&Counter::add>(1).on_done([&](const troupe::AsyncResult<int>& result) { seen.set_value(result.get()); });
  failed += check(seen.get_future().get() == 801, "a callback saw something else");
  for (int i = 0; i < 5000; ++i) counter.tell<&Counter::add>(1);  // more than the mailbox holds
  failed += check(counter.call<&Counter::add>(0).get() == 5801, "messages were lost");
  try {
    counter.call<&Counter::die>().get();
    failed += check(false, "a death was not noticed");
  } catch (const troupe::ActorDied& died) {
    failed += check(died.cause().signal == SIGKILL, "a death was not explained");
  }
  return failed;
}

}  // namespace

int main(int argc, char** argv) {
  if (!refuse_futex_waitv()) return 77;
  troupe::Runtime runtime(argc, argv);
  return failures(runtime);
}
