// SPDX-License-Identifier: BSL-1.0
#include <troupe/testing.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "actors.hpp"

namespace troupe::testing::test {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class KillAtMessage : public RuntimeTest {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "troupe-diary-XXXXXX").string();
    const int file = ::mkstemp(pattern.data());
    ASSERT_GE(file, 0);
    ::close(file);
    path_ = pattern;
  }
  void TearDown() override {
    std::filesystem::remove(path_);
    RuntimeTest::TearDown();
  }

  Proxy<Diary> spawn_diary(SpawnOptions options = {}) { return runtime().spawn<Diary>(std::move(options), path_); }
  Proxy<Diary> spawn_restartable() {
    return spawn_diary({.restart = {.max = 3, .backoff = {.first = std::chrono::milliseconds(1)}}});
  }
  // What has run, in any life.
  std::string diary() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  static std::vector<AsyncResult<char>> send(const Proxy<Diary>& actor, const std::string& letters) {
    std::vector<AsyncResult<char>> results;
    for (const char each : letters) results.push_back(actor.call<&Diary::note>(each));
    return results;
  }
  // A letter for each: 'd'one, 'm'aybe, 'n'ot started.
  static std::string verdicts(const std::vector<AsyncResult<char>>& results) {
    std::string all;
    for (const auto& each : results) all += verdict(each);
    return all;
  }

 private:
  static char verdict(const AsyncResult<char>& result) {
    try {
      result.get();
      return 'd';
    } catch (const ActorDied& died) {
      return died.execution() == Execution::maybe ? 'm' : died.execution() == Execution::not_started ? 'n' : '?';
    }
  }

  std::string path_;
};

TEST_F(KillAtMessage, RunsAndAnswersThoseBeforeTakesThatOneAndStartsNoneBehind) {
  const auto actor = spawn_diary();
  kill_at_message(actor, 4);
  const auto results = send(actor, "abcdefghij");
  EXPECT_EQ(verdicts(results), "dddmnnnnnn");
  EXPECT_EQ(diary(), "abc");
}

TEST_F(KillAtMessage, MayBeTheNext) {
  const auto actor = spawn_diary();
  EXPECT_EQ(actor.call<&Diary::note>('a').get(), 'a');
  kill_at_message(actor, 1);
  EXPECT_ACTOR_DIES(actor.call<&Diary::note>('b').get(), DiedOf(SIGKILL));
  EXPECT_EQ(diary(), "a");
}

TEST_F(KillAtMessage, CountsWhatWasSentBehindItOnly) {
  const auto actor = spawn_diary();
  const auto before = send(actor, "abcdefgh");
  kill_at_message(actor, 2);
  const auto results = send(actor, "ij");
  EXPECT_EQ(verdicts(before) + verdicts(results), "dddddddddm");
}

TEST_F(KillAtMessage, CountsMessagesOfAllKinds) {
  const auto actor = spawn_diary();
  kill_at_message(actor, 4);
  actor.tell<&Diary::note>('a');
  actor.run([](Diary& diary) { diary.note('b'); });
  const auto results = send(actor, "cd");
  EXPECT_EQ(verdicts(results), "dm");
  EXPECT_EQ(diary(), "abc");
}

TEST_F(KillAtMessage, CountsNoMessageThatIsNotRun) {
  const auto actor = spawn_diary();
  kill_at_message(actor, 2);
  const CallOptions too_late{.deadline = std::chrono::nanoseconds(0)};
  for (int i = 0; i < 5; ++i) EXPECT_THROW(actor.with(too_late).call<&Diary::note>('x').get(), TimeoutError);
  EXPECT_EQ(verdicts(send(actor, "ab")), "dm");
  EXPECT_EQ(diary(), "a");
}

// A whole batch of one channel, and more.
TEST_F(KillAtMessage, IsExactHoweverFarAwayItIs) {
  const auto actor = spawn_diary();
  kill_at_message(actor, 1000);
  const auto results = send(actor, std::string(1010, 'a'));
  EXPECT_EQ(verdicts(results), std::string(999, 'd') + 'm' + std::string(10, 'n'));
  EXPECT_EQ(diary(), std::string(999, 'a'));
}

// Each through a channel of its own, some of which open later.
TEST_F(KillAtMessage, CountsWhoeverSends) {
  constexpr int kSenders = 4;
  const auto actor = spawn_diary();
  kill_at_message(actor, 20);
  std::vector<Proxy<Scribe>> scribes;
  for (int i = 0; i < kSenders; ++i) scribes.push_back(runtime().spawn<Scribe>());
  std::vector<AsyncResult<int>> written;
  for (const auto& each : scribes) written.push_back(each.call<&Scribe::write_until_it_dies>(actor));
  int answered = 0;
  for (const auto& each : written) answered += each.get();
  EXPECT_EQ(answered, 19);
  EXPECT_EQ(diary(), std::string(19, 'a'));
}

TEST_F(KillAtMessage, LeavesTheOthersToTheNextLife) {
  const auto actor = spawn_restartable();
  kill_at_message(actor, 2);
  EXPECT_EQ(verdicts(send(actor, "abcd")), "dmdd");
  EXPECT_EQ(diary(), "acd");
  EXPECT_EQ(actor.incarnation(), 2u);
}

TEST_F(KillAtMessage, HasAnIdempotentCallSentAgain) {
  const auto actor = spawn_restartable();
  kill_at_message(actor, 1);
  EXPECT_EQ(actor.with({.idempotent = true}).call<&Diary::note>('a').get(), 'a');
  EXPECT_EQ(diary(), "a");
}

TEST_F(KillAtMessage, IsReplacedByTheNext) {
  const auto actor = spawn_diary();
  kill_at_message(actor, 2);
  kill_at_message(actor, 3);  // a message, too: the first one
  EXPECT_EQ(verdicts(send(actor, "abcd")), "ddmn");
}

TEST_F(KillAtMessage, CountsFromOne) {
  const auto actor = spawn_diary();
  EXPECT_THAT([&] { kill_at_message(actor, 0); }, ThrowsMessage<std::invalid_argument>(HasSubstr("n = 1")));
  EXPECT_EQ(actor.call<&Diary::note>('a').get(), 'a');
}

}  // namespace
}  // namespace troupe::testing::test
