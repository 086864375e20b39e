// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <sys/ptrace.h>

#include <algorithm>
#include <csignal>

#include "platform/life_page.hpp"
#include "support.hpp"

// A traced owner of a life page is killed after each single instruction of retiring a word and raising it again.
namespace troupe::platform::testing {
namespace {

constexpr int kCannotBeTraced = 33;
constexpr int kMostRounds = 400;

// Stops before and after what is looked at.
int retire_and_raise(ControlSocket& socket) {
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) return kCannotBeTraced;
  LifePage page;
  page.own_by_this_thread();
  const unsigned neighbour = page.raise_word().value();
  const unsigned index = page.raise_word().value();
  page.raise_word();
  const int handle = page.memory().handle().get();
  socket.send(bytes_of("page"), {&handle, 1});
  ::raise(SIGSTOP);
  page.retire_word(index);
  page.retire_word(neighbour);
  page.raise_word();
  page.raise_word();
  ::raise(SIGSTOP);
  return 0;
}

unsigned standing_count(const LifeView& view) {
  unsigned count = 0;
  for (unsigned index = 0; index < kLifeWordCount; ++index) count += view.has_fallen(index) ? 0 : 1;
  return count;
}

// Lets the child run `count` instructions, or up to its next stop; how many it was.
int step(int pid, int count) {
  int done = 0;
  while (done < count && ::ptrace(PTRACE_SINGLESTEP, pid, nullptr, nullptr) == 0 && next_stop(pid) == SIGTRAP) ++done;
  return done;
}

struct SteppedChild : ForkedChild {
  SteppedChild() : ForkedChild(&retire_and_raise) {
    auto packet = socket.receive();
    can_be_traced = packet.has_value();
    if (!can_be_traced) return;
    view = LifeView(SharedMemory::adopt(std::move(packet->handles.at(0)), kLifePageBytes));
    EXPECT_EQ(next_stop(process.pid()), SIGSTOP);
  }

  LifeView view;
  bool can_be_traced = false;
};

TEST(LifePageSteps, NoWordStandsAfterDeathAtAnyInstruction) {
  int total = 0;
  {
    const SteppedChild child;
    if (!child.can_be_traced) GTEST_SKIP() << "this machine does not let us trace a child";
    total = step(child.process.pid(), 1'000'000);
  }
  ASSERT_GT(total, 50);
  const int stride = std::max(1, total / kMostRounds);  // 1 but in instrumented builds
  for (int count = 0; count < total; count += stride) {
    const SteppedChild child;
    step(child.process.pid(), count);
    child.process.kill();
    while (next_stop(child.process.pid())) continue;
    ASSERT_EQ(standing_count(child.view), 0U) << "after " << count << " of " << total << " instructions";
  }
}

}  // namespace
}  // namespace troupe::platform::testing
