// SPDX-License-Identifier: BSL-1.0
// Actors that wait for each other hear that this would never end: the one that closes the ring does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "actors.hpp"
#include "gate.hpp"

namespace troupe::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// Asks the next one in a line, which asks the one behind it, and so on.
class Asker {
 public:
  using Line = std::vector<Proxy<Asker>>;

  std::string ask(Line line) {
    if (line.empty()) return "asked all";
    const Proxy<Asker> next = line.front();
    line.erase(line.begin());
    try {
      return next.call<&Asker::ask>(std::move(line)).get();
    } catch (const WouldDeadlock& error) {
      return error.what();
    }
  }
  // Holds one of the line for longer than it takes to look for rings.
  std::string ask_slowly(Line line) {
    std::this_thread::sleep_until(std::chrono::steady_clock::now() + 100ms);
    return ask(std::move(line));
  }
  std::string ask_for_a_while(const Proxy<Asker>& other, Line line) {
    const auto asked = other.call<&Asker::ask>(std::move(line));
    return asked.wait(200ms) ? asked.get() : "it took too long";
  }
  std::string ask_until_deadline(const Proxy<Asker>& other, Line line) {
    const auto asked = other.with({.deadline = 200ms}).call<&Asker::ask>(std::move(line));
    return asked.exception() == nullptr ? asked.get() : "it took too long";
  }
};

class DeadlockRing : public testing::RuntimeTest {
 protected:
  Asker::Line spawn_askers(int count) {
    Asker::Line askers;
    for (int each = 0; each < count; ++each) askers.push_back(runtime().spawn<Asker>({.name = "asker " + std::to_string(each)}));
    return askers;
  }
  // Of so many actors, the first one asks the second one, …, and the last one the first one again.
  std::string ring_of(int count) {
    Asker::Line line = spawn_askers(count);
    const Proxy<Asker> first = line.front();
    line.erase(line.begin());
    line.push_back(first);
    return first.call<&Asker::ask>(std::move(line)).get();
  }
};

TEST_F(DeadlockRing, OfTwoIsToldToTheOneThatClosesIt) {
  const std::string text = ring_of(2);
  EXPECT_THAT(text, HasSubstr("it would be waited for for ever: actor "));
  EXPECT_THAT(text, HasSubstr("\"asker 1\" (troupe::test::Asker) waits for actor "));
  EXPECT_THAT(text, HasSubstr("\"asker 0\" (troupe::test::Asker) waits for actor "));
}

TEST_F(DeadlockRing, OfFiveNamesThemAll) {
  const std::string text = ring_of(5);
  for (int each = 0; each < 5; ++each) EXPECT_THAT(text, HasSubstr("\"asker " + std::to_string(each) + "\""));
}

TEST_F(DeadlockRing, IsNoneInALine) {
  Asker::Line line = spawn_askers(4);
  const Proxy<Asker> first = line.front();
  line.erase(line.begin());
  EXPECT_EQ(first.call<&Asker::ask>(line).get(), "asked all");
  EXPECT_EQ(first.call<&Asker::ask_slowly>(line).get(), "asked all");
}

// Also when many ask in all directions, for longer than it takes to look for rings.
TEST_F(DeadlockRing, IsNoneWhereEachWaitEnds) {
  Asker::Line askers = spawn_askers(3);
  std::vector<AsyncResult<std::string>> asked;
  for (int round = 0; round < 10; ++round) {
    asked.push_back(askers[0].call<&Asker::ask_slowly>(Asker::Line{askers[2]}));
    asked.push_back(askers[1].call<&Asker::ask_slowly>(Asker::Line{askers[2]}));
  }
  for (const auto& each : asked) EXPECT_EQ(each.get(), "asked all");
}

// Either of the two may be the last to wait, and it is told nothing: the other one's wait ends, and then it gets its answer.
TEST_F(DeadlockRing, IsNoneWhereATimeOutEndsIt) {
  Asker::Line askers = spawn_askers(2);
  const auto asked = askers[0].call<&Asker::ask_for_a_while>(askers[1], Asker::Line{askers[0]});
  EXPECT_EQ(asked.get(), "it took too long");
  const auto with_deadline = askers[0].call<&Asker::ask_until_deadline>(askers[1], Asker::Line{askers[0]});
  EXPECT_EQ(with_deadline.get(), "it took too long");
}

TEST_F(DeadlockRing, LeavesTheActorsAsTheyWere) {
  Asker::Line askers = spawn_askers(2);
  for (int round = 0; round < 5; ++round) {
    EXPECT_THAT(askers[0].call<&Asker::ask>(Asker::Line{askers[1], askers[0]}).get(), HasSubstr("for ever"));
    EXPECT_EQ(askers[1].call<&Asker::ask>(Asker::Line{askers[0]}).get(), "asked all");
  }
}

TEST_F(DeadlockRing, IsNoneWhereWhoIsWaitedForDies) {
  auto asker = spawn_askers(1).front();
  Gate gate;
  for (int round = 0; round < 5; ++round) {
    auto recorder = runtime().spawn<Recorder>();
    const auto held = recorder.call<&Recorder::hold>(gate.path());
    gate.wait_reached();
    const auto waiting = asker.run([](Asker&, Proxy<Recorder> other) { return other.call<&Recorder::note>(1).get(); }, recorder);
    while (!waiting.running()) std::this_thread::yield();
    recorder.kill();
    EXPECT_THROW(waiting.get(), RemoteException);
    gate.let_go();
  }
  EXPECT_EQ(asker.call<&Asker::ask>(Asker::Line{}).get(), "asked all");
}

}  // namespace
}  // namespace troupe::test
