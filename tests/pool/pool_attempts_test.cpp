// SPDX-License-Identifier: BSL-1.0
// What becomes of a pool whose workers do not start again, in an order that the test has written down.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <troupe/pool.hpp>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/end_to_end/gate.hpp"

namespace troupe::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kGateVariable = "TROUPE_TEST_ATTEMPTS_GATE";
constexpr const char* kScriptVariable = "TROUPE_TEST_ATTEMPTS_SCRIPT";

int square(int number) { return number * number; }
int die_of(int signal_number) { return ::raise(signal_number); }

std::string mark_of(const std::string& gate, std::size_t turn) { return gate + "-" + std::to_string(turn); }

// What the script says of this turn, whichever worker's it is: '+' works, '-' fails, 'h' waits at the gate. Behind its end all
// fail.
void act_by_script() {
  const std::string gate = std::getenv(kGateVariable);
  const std::string script = std::getenv(kScriptVariable);
  std::size_t turn = 0;
  while (::mkdir(mark_of(gate, turn).c_str(), 0700) != 0 && errno == EEXIST) ++turn;
  const char act = turn < script.size() ? script[turn] : '-';
  if (act == 'h') wait_at(gate);
  if (act == '-') throw std::runtime_error("this worker cannot work now");
}

class PoolAttempts : public testing::RuntimeTest {
 protected:
  PoolAttempts() { ::setenv(kGateVariable, gate.path().c_str(), 1); }
  ~PoolAttempts() override {
    ::unsetenv(kGateVariable);
    ::unsetenv(kScriptVariable);
  }
  // For the workers of each runtime that is made afterwards.
  static void set_script(const char* script) { ::setenv(kScriptVariable, script, 1); }
  // How many turns there were.
  std::size_t turns() const {
    std::size_t turn = 0;
    while (std::filesystem::exists(mark_of(gate.path(), turn))) ++turn;
    return turn;
  }

  Gate gate;
};

TEST_F(PoolAttempts, OfOthersAreMadeThoughOneHangs) {
  set_script("++-h+");
  Runtime own;
  Pool pool(own, {.processes = 2, .initializer = fn<&act_by_script>});
  for (int worker = 0; worker < 2; ++worker) EXPECT_THROW(pool.apply<&die_of>(SIGKILL), WorkerDiedError);
  gate.wait_reached();
  EXPECT_EQ(pool.apply_async<&square>(2).get(), 4);
  gate.let_go();
}

TEST_F(PoolAttempts, AreFiveForAWorkerThatIsMissingAfterAnotherWasGivenUp) {
  set_script(
      "++-----"
      "---+");
  Runtime own;
  Pool pool(own, {.processes = 2, .initializer = fn<&act_by_script>});
  EXPECT_THROW(pool.apply<&die_of>(SIGKILL), WorkerDiedError);
  while (turns() < 7 || own.actors().size() > 1) std::this_thread::yield();  // what was given up has been told to end
  EXPECT_THROW(pool.apply<&die_of>(SIGKILL), WorkerDiedError);
  EXPECT_EQ(pool.apply_async<&square>(2).get(), 4);
}

TEST_F(PoolAttempts, AreFiveForAPoolOfWhichAllRest) {
  set_script("++++");
  Runtime own;
  Pool pool(own, {.processes = 4, .initializer = fn<&act_by_script>, .idle_timeout = 1ms});
  while (!pool.pids().empty()) std::this_thread::yield();
  EXPECT_THROW(pool.apply_async<&square>(2).get(), BrokenExecutorError);
  EXPECT_EQ(turns(), 4u + 5);
}

TEST_F(PoolAttempts, ThatEndWithThePoolAreNoReasonWhyItIsBroken) {
  set_script("+----h");
  Runtime own;
  Pool pool(own, {.processes = 1, .initializer = fn<&act_by_script>});
  EXPECT_THROW(pool.apply<&die_of>(SIGKILL), WorkerDiedError);
  gate.wait_reached();
  pool.terminate();
  pool.join();
  EXPECT_THROW(pool.apply<&square>(2), PoolStateError);
}

// Where the names in a backtrace come from: a library that is loaded when it is needed.
bool has_read_symbols() { return ::dlopen("libdw.so.1", RTLD_LAZY | RTLD_NOLOAD) != nullptr; }

void crash_unless_first() {
  const std::string gate = std::getenv(kGateVariable);
  if (::mkdir(mark_of(gate, 0).c_str(), 0700) != 0) ::raise(SIGSEGV);
}

// In a process of its own, which has read none yet.
int symbols_read_by_a_broken_pool() {
  Gate gate;
  ::setenv(kGateVariable, gate.path().c_str(), 1);
  Runtime own;
  Pool pool(own, {.processes = 1, .initializer = fn<&crash_unless_first>});
  EXPECT_THROW(pool.apply<&die_of>(SIGKILL), WorkerDiedError);
  try {
    pool.apply_async<&square>(2).get();
  } catch (const BrokenExecutorError& error) {
    if (has_read_symbols()) return 1;
    const std::string text = error.what();
    const bool says_why = text.find("cannot be started any more") != text.npos && text.find("signal 11") != text.npos;
    std::fprintf(stderr, "%s\n", text.c_str());
    return says_why ? 0 : 2;
  }
  return 3;
}

TEST(PoolAttemptsDeathTest, ThatCrashAreExplainedByWhoAsksAndNotByThePoolsOwnThread) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(std::exit(symbols_read_by_a_broken_pool()), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace troupe::test
