// SPDX-License-Identifier: BSL-1.0
// Workers that die: each takes along what it was doing, and nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <troupe/pool.hpp>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/end_to_end/gate.hpp"

namespace troupe::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

int square(int number) { return number * number; }
int own_pid() { return ::getpid(); }
int die_of(int signal_number) { return ::raise(signal_number); }
int leave_with(int code) { std::exit(code); }
int leave_at_once(int code) { ::_exit(code); }
int wait_at_gate(const std::string& gate) {
  wait_at(gate);
  return 1;
}
int die_at_gate(const std::string& gate) {
  wait_at(gate);
  return ::raise(SIGKILL);
}
int die_at_three(int number) {
  if (number == 3) ::raise(SIGKILL);
  return number;
}

class PoolDeaths : public testing::RuntimeTest, public ::testing::WithParamInterface<StartMethod> {
 protected:
  PoolOptions options(int processes) const { return {.processes = processes, .start = GetParam()}; }
};
INSTANTIATE_TEST_SUITE_P(Pool, PoolDeaths, ::testing::Values(StartMethod::forkserver, StartMethod::spawn), [](const auto& each) {
  return each.param == StartMethod::forkserver ? std::string("ByFork") : std::string("ByExec");
});

TEST_P(PoolDeaths, P25_FailTheTaskThatRanAndNoOther) {
  Pool pool(runtime(), options(1));
  for (const int signal_number : {SIGKILL, SIGSEGV, SIGABRT}) {
    const auto before = pool.apply_async<&square>(2);
    const auto deadly = pool.apply_async<&die_of>(signal_number);
    std::vector<AsyncResult<int>> behind;
    for (int number = 0; number < 50; ++number) behind.push_back(pool.apply_async<&square>(number));
    EXPECT_EQ(before.get(), 4);
    try {
      deadly.get();
      ADD_FAILURE() << "its worker has died";
    } catch (const WorkerDiedError& error) {
      EXPECT_EQ(error.execution(), Execution::maybe);
      EXPECT_EQ(error.cause().signal, signal_number);
    }
    for (int number = 0; number < 50; ++number) EXPECT_EQ(behind[static_cast<std::size_t>(number)].get(), number * number);
  }
}

TEST_P(PoolDeaths, P25_OfApplyIsItsCallersError) {
  Pool pool(runtime(), options(2));
  for (int round = 0; round < 5; ++round) {
    EXPECT_THROW(pool.apply<&die_of>(SIGKILL), WorkerDiedError);
    EXPECT_EQ(pool.apply<&square>(3), 9);
  }
}

TEST_P(PoolDeaths, P26_ByExitAreTold) {
  Pool pool(runtime(), options(1));
  try {
    pool.apply_async<&leave_with>(99).get();
    ADD_FAILURE() << "its worker has left";
  } catch (const WorkerDiedError& error) {
    EXPECT_EQ(error.cause().exit_code, 99);
    EXPECT_THAT(error.cause().text(), HasSubstr("99"));
  }
  EXPECT_THROW(pool.apply<&leave_at_once>(3), WorkerDiedError);
  EXPECT_EQ(pool.apply<&square>(3), 9);
}

TEST_P(PoolDeaths, P25_SayHowTheWorkerEnded) {
  Pool pool(runtime(), options(1));
  const auto text_of = [](const auto& fail) {
    try {
      fail();
    } catch (const WorkerDiedError& error) {
      return std::string(error.what());
    }
    return std::string("it has not failed");
  };
  EXPECT_THAT(text_of([&] { pool.apply<&die_of>(SIGKILL); }),
              AllOf(HasSubstr("a worker of the pool (pid"), HasSubstr("signal 9"), Not(HasSubstr("actor"))));
  EXPECT_THAT(text_of([&] { pool.apply_async<&leave_at_once>(3).get(); }), HasSubstr("exited with code 3"));
  EXPECT_THAT(text_of([&] { pool.map<&die_at_three>(std::vector{3, 4, 5}, 3); }), HasSubstr("with 3 items"));
}

TEST_P(PoolDeaths, B27_CancellingByForceIsRefusedInThePoolsWords) {
  Gate gate;
  Pool pool(runtime(), options(1));
  const auto running = pool.apply_async<&wait_at_gate>(gate.path());
  gate.wait_reached();
  try {
    running.cancel(Force{.after = std::chrono::seconds(0)});
    ADD_FAILURE() << "its worker may have other tasks";
  } catch (const std::logic_error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("terminate() the pool"), Not(HasSubstr("SpawnOptions"))));
  }
  gate.let_go();
  EXPECT_EQ(running.get(), 1);
}

TEST_P(PoolDeaths, P26_ThrowingWhatHasNoTextSaysWhatToThrow) {
  Pool pool(runtime(), options(1));
  try {
    pool.apply([](int number) -> int { throw number; }, 42);
    ADD_FAILURE() << "it throws";
  } catch (const RemoteException& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("derives from std::exception"), HasSubstr("a worker of the pool (pid")));
  }
}

TEST_P(PoolDeaths, OfAStrictPoolLeaveOneThatCanBeJoined) {
  PoolOptions strict = options(1);
  strict.strict = true;
  Pool pool(runtime(), strict);
  EXPECT_THROW(pool.apply_async<&die_of>(SIGKILL).get(), BrokenExecutorError);
  pool.join();
  EXPECT_THROW(pool.apply<&square>(1), BrokenExecutorError);
}

TEST_P(PoolDeaths, B31_FailTheirChunkOfAMapOnly) {
  Pool pool(runtime(), options(2));
  std::vector<int> numbers{0, 1, 2, 3, 4, 5, 6, 7};
  EXPECT_THROW(pool.map<&die_at_three>(numbers, 1), WorkerDiedError);
  auto results = pool.imap<&die_at_three>(numbers, 2);
  std::vector<int> good;
  int bad = 0;
  for (;;) {
    try {
      const auto next = results.next();
      if (!next) break;
      good.push_back(*next);
    } catch (const WorkerDiedError&) {
      ++bad;
    }
  }
  EXPECT_EQ(good, (std::vector{0, 1, 4, 5, 6, 7}));
  EXPECT_EQ(bad, 2);
}

TEST_P(PoolDeaths, OfAnIdleWorkerAreNotNoticedByWhoComesLater) {
  Pool pool(runtime(), options(2));
  const auto pids = pool.pids();
  for (const int pid : pids) ::kill(pid, SIGKILL);
  for (int number = 0; number < 100; ++number) {
    try {
      EXPECT_EQ(pool.apply<&square>(number), number * number);
    } catch (const WorkerDiedError& error) {
      EXPECT_EQ(error.execution(), Execution::maybe);  // the signal came while it ran
    }
  }
  EXPECT_THAT(pids, ::testing::Not(::testing::Contains(pool.apply<&own_pid>())));
}

TEST_P(PoolDeaths, StrictOnesEndThePool) {
  Gate gate;
  Gate of_death;
  PoolOptions strict = options(2);
  strict.strict = true;
  Pool pool(runtime(), strict);
  const auto running = pool.apply_async<&wait_at_gate>(gate.path());
  const auto deadly = pool.apply_async<&die_at_gate>(of_death.path());
  gate.wait_reached();
  of_death.wait_reached();
  std::vector<AsyncResult<int>> behind;
  for (int number = 0; number < 50; ++number) behind.push_back(pool.apply_async<&square>(number));
  of_death.let_go();
  EXPECT_THROW(deadly.get(), BrokenExecutorError);
  EXPECT_THROW(running.get(), BrokenExecutorError);
  for (const auto& each : behind) EXPECT_THROW(each.get(), BrokenExecutorError);
  EXPECT_THROW(for (;;) pool.apply<&square>(1), BrokenExecutorError);
  pool.terminate();
  pool.join();
  EXPECT_THAT(runtime().actors(), ::testing::IsEmpty());
}

TEST_P(PoolDeaths, InAnyNumberLoseNothingThatHadNotBegun) {
  Pool pool(runtime(), options(4));
  // One death at most for each this many results: what is counted here is lost tasks, not how fast workers start.
  constexpr int kResultsForADeath = 40;
  std::atomic<int> settled{0};
  std::thread killer([&] {
    std::mt19937 random(1);
    for (int seen = 0; seen < 4000; seen = settled) {
      const auto pids = pool.pids();
      if (!pids.empty()) ::kill(pids[random() % pids.size()], SIGKILL);
      const int next = std::min(seen + kResultsForADeath, 4000);
      for (int now = seen; now < next; now = settled) settled.wait(now);
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 1000));  // any moment of the next task will do
    }
  });
  int done = 0;
  int died = 0;
  for (int round = 0; round < 20; ++round) {
    std::vector<AsyncResult<int>> results;
    for (int number = 0; number < 200; ++number) results.push_back(pool.apply_async<&square>(number));
    for (int number = 0; number < 200; ++number) {
      try {
        EXPECT_EQ(results[static_cast<std::size_t>(number)].get(), number * number);
        ++done;
      } catch (const WorkerDiedError& error) {
        EXPECT_NE(error.execution(), Execution::not_started);
        ++died;
      }
      ++settled;
      settled.notify_one();
    }
  }
  killer.join();
  EXPECT_EQ(done + died, 4000);
  EXPECT_GT(done, died);
}

TEST_P(PoolDeaths, OfTheManagerEndAllThatIsOpen) {
  Gate gate;
  auto pool = std::make_unique<Pool>(runtime(), options(2));
  const auto running = pool->apply_async<&wait_at_gate>(gate.path());
  gate.wait_reached();
  runtime().shutdown(std::chrono::seconds(0));
  EXPECT_THROW(running.get(), Error);
  EXPECT_THROW(pool->apply_async<&square>(1).get(), Error);
  pool.reset();
}

}  // namespace
}  // namespace troupe::test
