// SPDX-License-Identifier: BSL-1.0
// Actors that are in one call for too long, and those that only look like it.
#include <gmock/gmock.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
#include <troupe/testing.hpp>

#include <condition_variable>
#include <csignal>
#include <memory>
#include <mutex>
#include <variant>
#include <vector>

#include "actors.hpp"
#include "gate.hpp"

// Where the stacks must lead. Outside of any anonymous namespace, so that the names are short.
namespace hanging {

volatile int turns = 0;
[[gnu::noinline]] int spin_for_ever() {
  for (;;) turns = 1;
  return turns;
}

}  // namespace hanging

namespace troupe::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kAfter = 100ms;

// ThreadSanitizer hands a signal over when the thread next calls the system; in a loop that is never.
#if defined(__SANITIZE_THREAD__)
constexpr bool kHasStacks = false;
#else
constexpr bool kHasStacks = true;
#endif

class Parser {
 public:
  int parse_for_ever() { return hanging::spin_for_ever(); }
  void freeze() { ::raise(SIGSTOP); }
  void hold(const std::string& gate) { wait_at(gate); }
  void hold_deafly(const std::string& gate) {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    wait_at(gate);
  }
  int ask(const Proxy<Recorder>& recorder) { return recorder.call<&Recorder::note>(7).get(); }
  int note(int number) {
    seen_.push_back(number);
    return number;
  }
  std::vector<int> seen() const { return seen_; }

 private:
  std::vector<int> seen_;
};

// Of hangs, and of giving up, in order.
class Events {
 public:
  void add(const RuntimeEvent& event) {
    const std::lock_guard lock(mutex_);
    const bool counts = std::holds_alternative<Unresponsive>(event) || std::holds_alternative<Responsive>(event) ||
                        std::holds_alternative<GaveUp>(event);
    if (counts) all_.push_back(event);
    changed_.notify_all();
  }
  // Blocks: until there are so many.
  std::vector<RuntimeEvent> first(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return all_.size() >= count; });
    return all_;
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return all_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<RuntimeEvent> all_;
};

class Hangs : public testing::RuntimeTest {
 protected:
  void SetUp() override {
    testing::RuntimeTest::SetUp();
    runtime().on_event([events = events_](const RuntimeEvent& event) { events->add(event); });
  }
  Proxy<Parser> spawn_parser(SpawnOptions options = {}) {
    options.hang.after = kAfter;
    return runtime().spawn<Parser>(options);
  }
  Unresponsive unresponsive(std::size_t which = 0) { return std::get<Unresponsive>(events_->first(which + 1)[which]); }
  Responsive responsive(std::size_t which) { return std::get<Responsive>(events_->first(which + 1)[which]); }
  GaveUp gave_up(std::size_t which) { return std::get<GaveUp>(events_->first(which + 1)[which]); }
  std::size_t events() { return events_->count(); }

  // Another one that is watched alike has hung meanwhile.
  void let_another_one_hang() {
    auto other = spawn_parser();
    const auto hanging = other.call<&Parser::parse_for_ever>();
    EXPECT_EQ(unresponsive().actor, other.id());
    other.kill();
    hanging.wait();
  }

 private:
  const std::shared_ptr<Events> events_ = std::make_shared<Events>();
};

class HangsUnder : public Hangs, public ::testing::WithParamInterface<StartMethod> {};
INSTANTIATE_TEST_SUITE_P(EachStartMethod, HangsUnder, ::testing::Values(StartMethod::forkserver, StartMethod::spawn));

// The report waits for the manager for two seconds at a time; a machine that is very busy may make it wait for longer.
DeathCause cause_of_hang(const AsyncResult<int>& result) {
  EXPECT_EQ(verdict<ActorDied>(result), Execution::maybe);
  return cause_of(result);
}

TEST_P(HangsUnder, AreToldWithTheStack) {
  auto parser = spawn_parser({.start = GetParam()});
  const auto hanging = parser.call<&Parser::parse_for_ever>();

  const Unresponsive told = unresponsive();

  EXPECT_EQ(told.actor, parser.id());
  EXPECT_EQ(told.incarnation, 1u);
  EXPECT_THAT(told.method, HasSubstr("Parser::parse_for_ever"));
  EXPECT_GE(told.running_for, kAfter);
  if (kHasStacks) {
    EXPECT_THAT(told.backtrace, HasSubstr("#0  hanging::spin_for_ever() at "));
    EXPECT_THAT(told.backtrace, HasSubstr("hangs_test.cpp:"));
    EXPECT_THAT(told.backtrace, ContainsRegex("parse_for_ever(\\(.*\\))? at "));
  }
  EXPECT_FALSE(hanging.ready());
  parser.kill();
}

TEST_P(HangsUnder, AreDeathsWhereThatIsWanted) {
  auto parser = spawn_parser({.restart = {.max = 5, .backoff = {.first = 0s}}, .start = GetParam(), .hang = {.kill = true}});
  const auto hanging = parser.call<&Parser::parse_for_ever>();
  std::vector<AsyncResult<int>> waiting;
  for (int number = 0; number < 100; ++number) waiting.push_back(parser.call<&Parser::note>(number));

  const DeathCause cause = cause_of_hang(hanging);

  EXPECT_EQ(cause.kind, DeathKind::hung);
  EXPECT_EQ(cause.signal, SIGKILL);
  EXPECT_THAT(cause.method, HasSubstr("Parser::parse_for_ever"));
  EXPECT_THAT(cause.text(), HasSubstr("killed because it hung"));
  if (kHasStacks) {
    EXPECT_THAT(cause.backtrace, HasSubstr("#0  hanging::spin_for_ever() at "));
  }
  std::vector<int> numbers;
  for (int number = 0; number < 100; ++number) {
    numbers.push_back(number);
    EXPECT_EQ(waiting[static_cast<std::size_t>(number)].get(), number);
  }
  EXPECT_EQ(parser.call<&Parser::seen>().get(), numbers);
  EXPECT_EQ(parser.incarnation(), 2u);
  EXPECT_EQ(unresponsive().incarnation, 1u);
}

TEST_F(Hangs, AreOverWhenTheCallEnds) {
  Gate gate;
  auto parser = spawn_parser();
  const auto held = parser.call<&Parser::hold>(gate.path());
  gate.wait_reached();
  EXPECT_THAT(unresponsive().method, HasSubstr("Parser::hold"));
  gate.let_go();
  held.get();
  EXPECT_EQ(responsive(1).actor, parser.id());
  EXPECT_EQ(responsive(1).incarnation, 1u);
}

TEST_F(Hangs, AreToldOnceEach) {
  auto parser = spawn_parser();
  for (std::size_t hang = 0; hang < 3; ++hang) {
    Gate gate;
    const auto held = parser.call<&Parser::hold>(gate.path());
    gate.wait_reached();
    EXPECT_EQ(unresponsive(2 * hang).actor, parser.id());
    gate.let_go();
    held.get();
    EXPECT_EQ(responsive(2 * hang + 1).actor, parser.id());
  }
  EXPECT_EQ(events(), 6u);
}

TEST_F(Hangs, AreNotManyShortCalls) {
  auto busy = spawn_parser({.hang = {.kill = true}});
  auto other = spawn_parser();
  const auto hanging = other.call<&Parser::parse_for_ever>();
  int number = 0;
  while (events() == 0) EXPECT_EQ(busy.call<&Parser::note>(++number).get(), number);
  EXPECT_EQ(unresponsive().actor, other.id());
  EXPECT_EQ(events(), 1u);
  other.kill();
}

TEST_F(Hangs, AreNotIdleness) {
  auto idle = spawn_parser({.hang = {.kill = true}});
  let_another_one_hang();
  EXPECT_EQ(idle.call<&Parser::note>(1).get(), 1);
  EXPECT_EQ(idle.incarnation(), 1u);
}

TEST_F(Hangs, AreNothingToThoseThatDidNotAsk) {
  Gate gate;
  auto slow = runtime().spawn<Parser>();
  const auto held = slow.call<&Parser::hold>(gate.path());
  gate.wait_reached();
  let_another_one_hang();
  gate.let_go();
  held.get();
  EXPECT_EQ(events(), 1u);
}

TEST_F(Hangs, OfOneThatWaitsForAnotherShowTheWait) {
  Gate gate;
  auto recorder = runtime().spawn<Recorder>();
  const auto held = recorder.call<&Recorder::hold>(gate.path());
  gate.wait_reached();
  auto parser = spawn_parser();
  const auto asking = parser.call<&Parser::ask>(recorder);
  if (kHasStacks) {
    EXPECT_THAT(unresponsive().backtrace, ContainsRegex("ask(\\(.*\\))? at "));
  }
  gate.let_go();
  EXPECT_EQ(asking.get(), 7);  // that it was asked for its stack has not disturbed it
  EXPECT_EQ(responsive(1).actor, parser.id());
}

TEST_F(Hangs, OfAFrozenProcessAreToldWithoutAStack) {
  auto parser = spawn_parser();
  const auto frozen = parser.call<&Parser::freeze>();
  const Unresponsive told = unresponsive();
  EXPECT_EQ(told.actor, parser.id());
  EXPECT_EQ(told.backtrace, "");
  ::kill(parser.pid(), SIGCONT);
  frozen.get();
  EXPECT_EQ(responsive(1).actor, parser.id());
}

TEST_F(Hangs, OfOneThatHearsNoSignalAreToldWithoutAStack) {
  Gate gate;
  auto parser = spawn_parser();
  const auto held = parser.call<&Parser::hold_deafly>(gate.path());
  gate.wait_reached();
  const Unresponsive told = unresponsive();
  EXPECT_THAT(told.method, HasSubstr("Parser::hold_deafly"));
  EXPECT_EQ(told.backtrace, "");
  gate.let_go();
  held.get();
}

// Of the debugger's doing is that it stops at the signal.
TEST_F(Hangs, AreLeftToADebugger) {
  Gate gate;
  auto traced = spawn_parser({.hang = {.kill = true}});
  const int pid = traced.pid();
  if (::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) != 0) GTEST_SKIP() << "this process may trace no others";
  const auto held = traced.call<&Parser::hold>(gate.path());
  gate.wait_reached();
  EXPECT_EQ(unresponsive().actor, traced.id());

  auto other = spawn_parser({.hang = {.kill = true}});
  EXPECT_EQ(cause_of_hang(other.call<&Parser::parse_for_ever>()).kind, DeathKind::hung);
  EXPECT_FALSE(held.ready());

  ASSERT_EQ(::waitpid(pid, nullptr, __WALL), pid);
  ASSERT_EQ(::ptrace(PTRACE_DETACH, pid, nullptr, nullptr), 0);
  EXPECT_EQ(verdict<ActorDied>(held), Execution::maybe);
  EXPECT_EQ(traced.wait(), (ExitStatus{.signal = SIGKILL}));
}

TEST_F(Hangs, CountAsCrashes) {
  auto parser = spawn_parser({.restart = {.max = 1, .backoff = {.first = 0s}}, .hang = {.kill = true}});
  for (int life = 0; life < 2; ++life) EXPECT_EQ(cause_of_hang(parser.call<&Parser::parse_for_ever>()).kind, DeathKind::hung);
  EXPECT_TRUE(has_failed_with<ActorDied>(parser.call<&Parser::note>(1)));
  EXPECT_EQ(gave_up(2).first_cause.kind, DeathKind::hung);
}

TEST_F(Hangs, AreFailuresInAGroup) {
  auto group = runtime().supervise({.strategy = Strategy::one_for_all, .intensity = {3, 1h}});
  auto parser = group.spawn<Parser>({.hang = {.after = kAfter, .kill = true}});
  auto sibling = group.spawn<Parser>();
  sibling.call<&Parser::note>(1).get();
  EXPECT_EQ(cause_of_hang(parser.call<&Parser::parse_for_ever>()).kind, DeathKind::hung);
  EXPECT_EQ(parser.call<&Parser::note>(1).get(), 1);
  EXPECT_THAT(sibling.call<&Parser::seen>().get(), ElementsAre());
  EXPECT_EQ(sibling.incarnation(), 2u);
}

std::string why_not(Runtime& runtime, HangOptions hang) {
  try {
    runtime.spawn<Parser>({.hang = hang});
    return "(it started)";
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

TEST_F(Hangs, NeedABoundThatMakesSense) {
  EXPECT_THAT(why_not(runtime(), {.after = 99ms}), HasSubstr("SpawnOptions::hang.after"));
  EXPECT_THAT(why_not(runtime(), {.after = -1s}), HasSubstr("SpawnOptions::hang.after"));
  EXPECT_THAT(why_not(runtime(), {.kill = true}), HasSubstr("SpawnOptions::hang.after"));
}

}  // namespace
}  // namespace troupe::test
