// SPDX-License-Identifier: BSL-1.0
// What captured actors print: where it goes, and that it holds up nobody.
#include <fcntl.h>
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <unistd.h>
#include <troupe/testing.hpp>

#include <atomic>
#include <csignal>
#include <future>
#include <iostream>
#include <map>
#include <mutex>

#include "actors.hpp"
#include "gate.hpp"
#include "processes.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

void put(std::string_view text) {
  if (::write(STDERR_FILENO, text.data(), text.size()) < 0) std::abort();
}

class Talker {
 public:
  Talker() { put("a new life\n"); }
  explicit Talker(const std::string& last_words) {
    put(last_words);
    die_at_once();
  }

  int ok() { return 1; }
  void print(const std::string& text) { std::cout << text << '\n'; }
  void complain(const std::string& text) { put(text); }
  void complain_and_crash(const std::string& text) {
    put(text);
    Victim().segfault();
  }
  void complain_and_die(const std::string& text) {
    put(text);
    die_at_once();
  }
  void count_and_die(int lines) {
    for (int i = 1; i <= lines; ++i) put(fmt::format("line {}\n", i));
    die_at_once();
  }
  int count(int lines) {
    for (int i = 1; i <= lines; ++i) put(fmt::format("line {}\n", i));
    return lines;
  }
  // One that outlives this process, and holds what that has printed to.
  int start_daemon() {
    const int daemon = ::fork();
    if (daemon != 0) return daemon;
    ::setsid();
    put("a daemon\n");
    for (;;) ::pause();
  }
  // Makes each pipe that this process has block who reads it.
  void make_readers_block() {
    constexpr int kMostHandles = 256;
    for (int handle = 3; handle < kMostHandles; ++handle) {
      if (::fcntl(handle, F_GETPIPE_SZ) > 0) ::fcntl(handle, F_SETFL, 0);
    }
  }

 private:
  [[noreturn]] static void die_at_once() {
    std::raise(SIGKILL);
    std::abort();
  }
};

class CapturedActor : public testing::RuntimeTest, public ::testing::WithParamInterface<StartMethod> {
 protected:
  SpawnOptions captured() const { return {.start = GetParam(), .stdio = Stdio::capture}; }
  Proxy<Talker> talker() { return runtime().spawn<Talker>(captured()); }
};

TEST_P(CapturedActor, LeavesItsLastLinesInTheReport) {
  const DeathCause cause = cause_of(talker().call<&Talker::complain_and_crash>("one\ntwo\nno end"));
  EXPECT_EQ(cause.signal, SIGSEGV);
  EXPECT_THAT(cause.stderr_tail, ElementsAre("a new life", "one", "two", "no end"));
  EXPECT_THAT(cause.text(), HasSubstr("\nlast lines of its stderr:\n  | a new life\n  | one\n  | two\n  | no end"));
}

TEST_P(CapturedActor, LeavesWhatItPrintedInItsLastInstant) {
  EXPECT_THAT(cause_of(talker().call<&Talker::complain_and_die>("now")).stderr_tail, ElementsAre("a new life", "now"));
}

TEST_P(CapturedActor, LeavesFiftyLinesHoweverManyThereWere) {
  constexpr int kLines = 300'000;
  const auto tail = cause_of(talker().call<&Talker::count_and_die>(kLines)).stderr_tail;
  ASSERT_THAT(tail, SizeIs(50));
  EXPECT_EQ(tail.front(), fmt::format("line {}", kLines - 49));
  EXPECT_EQ(tail.back(), fmt::format("line {}", kLines));
}

TEST_P(CapturedActor, MayPrintLinesWithoutEnd) {
  const auto tail = cause_of(talker().call<&Talker::complain_and_die>(std::string(1 << 20, 'x'))).stderr_tail;
  ASSERT_THAT(tail, ::testing::Not(IsEmpty()));
  EXPECT_THAT(tail.back(), HasSubstr("xxxxxxxxxx"));
}

TEST_P(CapturedActor, ControlsNoTerminal) {
  const auto tail = cause_of(talker().call<&Talker::complain_and_die>("\x1b[2Jgone\xff\n")).stderr_tail;
  EXPECT_THAT(tail, ElementsAre("a new life", "\\x1b[2Jgone\\xff"));
}

TEST_P(CapturedActor, LeavesItsLastLinesAlsoWhenItsConstructorDies) {
  try {
    runtime().spawn<Talker>(captured(), "the last words\n");
    FAIL() << "it lives";
  } catch (const StartError& error) {
    EXPECT_THAT(error.cause().stderr_tail, ElementsAre("the last words"));
  }
}

TEST_P(CapturedActor, IsReportedWhoeverHoldsItsOutput) {
  auto actor = talker();
  const OtherProcess daemon(actor.call<&Talker::start_daemon>().get());
  const auto tail = cause_of(actor.call<&Talker::complain_and_die>("now")).stderr_tail;
  daemon.kill();
  ASSERT_THAT(tail, ::testing::Not(IsEmpty()));
  EXPECT_THAT(tail.back(), HasSubstr("now"));
}

TEST_P(CapturedActor, BlocksNobodyWhoReadsWhateverItMakesOfItsHandles) {
  auto actor = talker();
  actor.call<&Talker::make_readers_block>().get();
  const OtherProcess daemon(actor.call<&Talker::start_daemon>().get());
  EXPECT_THAT(cause_of(actor.call<&Talker::complain_and_die>("now\n")).stderr_tail, ::testing::Contains("now"));
  daemon.kill();
}

TEST_P(CapturedActor, HasATailForEachLife) {
  SpawnOptions options = captured();
  options.restart = {.max = 1, .within = std::chrono::hours(1), .backoff = {.first = std::chrono::milliseconds(1)}};
  auto actor = runtime().spawn<Talker>(options);
  EXPECT_THAT(cause_of(actor.call<&Talker::complain_and_die>("first")).stderr_tail, ElementsAre("a new life", "first"));
  std::promise<Down> last;
  actor.on_down([&](const Down& down) { last.set_value(down); });
  actor.call<&Talker::complain_and_die>("second").wait();
  EXPECT_THAT(last.get_future().get().cause.stderr_tail, ElementsAre("a new life", "second"));
}

// What it had printed, too, comes before its Down.
TEST_P(CapturedActor, PrintsToItsProgram) {
  std::map<OutputStream, std::vector<std::string>> lines;
  std::promise<void> down;
  runtime().on_event([&](const RuntimeEvent& event) {
    if (const auto* output = std::get_if<Output>(&event)) lines[output->stream].push_back(output->line);
    if (std::holds_alternative<Down>(event)) down.set_value();
  });
  auto actor = talker();
  actor.call<&Talker::print>("one").get();
  actor.call<&Talker::complain>("two\n").get();
  actor.call<&Talker::print>("three").get();
  actor.stop(std::chrono::minutes(1));
  down.get_future().get();
  EXPECT_THAT(lines[OutputStream::out], ElementsAre("one", "three"));
  EXPECT_THAT(lines[OutputStream::err], ElementsAre("a new life", "two"));
}

// Nobody reads; calls need no manager.
TEST_P(CapturedActor, IsNotHeldUpByAManagerThatStands) {
  auto actor = talker();
  actor.call<&Talker::ok>().get();
  const OtherProcess manager = OtherProcess::own_manager();
  manager.send(SIGSTOP);
  EXPECT_EQ(actor.call<&Talker::count>(50'000).get(), 50'000);
  manager.send(SIGCONT);
  EXPECT_EQ(cause_of(actor.call<&Talker::complain_and_die>("now")).stderr_tail.back(), "now");
}

// What callbacks are too slow for is lost, and told; the program lives.
TEST_P(CapturedActor, LosesWhatItsProgramIsTooSlowFor) {
  std::promise<void> may_go_on;
  std::atomic<std::uint64_t> lost = 0;
  std::uint64_t heard = 0;
  std::promise<void> down;
  runtime().on_event([&, wait = may_go_on.get_future().share()](const RuntimeEvent& event) {
    wait.wait();
    if (const auto* output = std::get_if<Output>(&event)) {
      lost += output->lost_bytes;
      ++heard;
    }
    if (std::holds_alternative<Down>(event)) down.set_value();
  });
  auto actor = talker();
  EXPECT_EQ(actor.call<&Talker::count>(400'000).get(), 400'000);
  may_go_on.set_value();
  // What is lost is told with what comes next, when there is room for that.
  while (actor.call<&Talker::count>(1).get() == 1 && lost == 0) std::this_thread::yield();
  actor.kill();
  down.get_future().get();
  EXPECT_GT(lost, 0u);
  EXPECT_LT(heard, 400'000u);
}

TEST_P(CapturedActor, TellsWhatWasLostBehindItsLastLine) {
  std::promise<void> may_go_on;
  std::promise<Output> last;
  runtime().on_event([&, output = Output(), wait = may_go_on.get_future().share()](const RuntimeEvent& event) mutable {
    wait.wait();
    if (const auto* next = std::get_if<Output>(&event)) output = *next;
    if (std::holds_alternative<Down>(event)) last.set_value(output);
  });
  const auto actor = talker();
  EXPECT_EQ(actor.call<&Talker::count>(400'000).get(), 400'000);
  actor.kill();
  actor.wait();
  may_go_on.set_value();
  const Output output = last.get_future().get();
  EXPECT_FALSE(output.is_line);
  EXPECT_GT(output.lost_bytes, 0u);
}

INSTANTIATE_TEST_SUITE_P(Output, CapturedActor, ::testing::Values(StartMethod::forkserver, StartMethod::spawn),
                         [](const auto& each) { return each.param == StartMethod::spawn ? "Executed" : "Forked"; });

}  // namespace
}  // namespace troupe::test
