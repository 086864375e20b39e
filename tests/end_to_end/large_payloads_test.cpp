// SPDX-License-Identifier: BSL-1.0
// Payloads that do not fit a ring: of any size, in order with the small ones, under each policy, at any instant.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <csignal>
#include <filesystem>
#include <numeric>
#include <span>
#include <string>
#include <thread>

#include "gate.hpp"

namespace troupe::test {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

std::string text_of(std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; i += 61) text[i] = static_cast<char>('a' + i % 23);
  return text;
}

struct Labelled {
  std::string label;
  std::vector<std::string> rows;

  friend bool operator==(const Labelled&, const Labelled&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(label, rows);
  }
};

class Warehouse {
 public:
  std::string echo(std::string text) { return text; }
  Labelled echo_labelled(Labelled value) { return value; }
  std::size_t measure(std::span<const char> bytes) { return bytes.size(); }
  char last(std::span<const char> bytes) { return bytes.back(); }
  std::string make(std::size_t bytes) { return text_of(bytes); }
  void keep(int number, const std::string& text) { kept_.push_back(number + static_cast<int>(text.size() % 2)); }
  void note(int number) { kept_.push_back(number); }
  std::vector<int> kept() { return kept_; }
  void hold(const std::string& gate) { wait_at(gate); }
  void die(const std::string&) { std::abort(); }
  void complain(std::size_t bytes) { throw std::runtime_error(std::string(bytes, '!')); }

 private:
  std::vector<int> kept_;
};

// Of all channels of this process, whether mapped or not.
std::size_t bytes_held_in_channels() {
  std::size_t held = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code ignored;
    const auto target = std::filesystem::read_symlink(entry.path(), ignored).string();
    struct stat status {};
    if (target.starts_with("/memfd:") && ::stat(entry.path().c_str(), &status) == 0) {
      held += static_cast<std::size_t>(status.st_blocks) * 512;
    }
  }
  return held;
}

// Blocks: until no more than the warm limit is held. ctest's time-out is the watchdog.
void wait_until_given_back(std::size_t before) {
  while (bytes_held_in_channels() > before + 80 * kMiB) std::this_thread::yield();
}

class LargePayloads : public testing::RuntimeTest {};

TEST_F(LargePayloads, OfEverySizeGoThereAndBack) {
  auto actor = runtime().spawn<Warehouse>();
  for (std::size_t bytes = 1; bytes <= 64 * kMiB; bytes = bytes * 3 + 1) {
    ASSERT_EQ(actor.call<&Warehouse::echo>(text_of(bytes)).get(), text_of(bytes)) << bytes;
  }
}

TEST_F(LargePayloads, OfAGibibyteGoThereAndBack) {
  auto actor = runtime().spawn<Warehouse>();
  const std::size_t bytes = 1024 * kMiB;
  {
    std::vector<char> sent(bytes);
    sent.back() = 'z';
    EXPECT_EQ(actor.call<&Warehouse::last>(sent).get(), 'z');
  }
  EXPECT_EQ(actor.call<&Warehouse::make>(bytes).get().size(), bytes);
}

TEST_F(LargePayloads, GoThroughCerealToo) {
  auto actor = runtime().spawn<Warehouse>();
  const Labelled value{"rows", std::vector<std::string>(50'000, "one of the rows")};
  EXPECT_EQ(actor.call<&Warehouse::echo_labelled>(value).get(), value);
}

TEST_F(LargePayloads, KeepTheOrderWithSmallOnes) {
  auto actor = runtime().spawn<Warehouse>();
  std::vector<int> expected;
  for (int i = 0; i < 300; ++i) {
    if (i % 3 == 0) {
      actor.tell<&Warehouse::keep>(i, std::string(200'000, 'x'));
    } else {
      actor.tell<&Warehouse::note>(i);
    }
    expected.push_back(i);
  }
  EXPECT_EQ(actor.call<&Warehouse::kept>().get(), expected);
}

TEST_F(LargePayloads, OfManyThreadsEachArriveWhole) {
  auto actor = runtime().spawn<Warehouse>({.mailbox = {.payload = kMiB}});  // room for two: they wait for each other
  std::vector<std::thread> threads;
  for (std::size_t number = 0; number < 4; ++number) {
    threads.emplace_back([&, number] {
      for (std::size_t i = 0; i < 50; ++i) {
        const std::string text = text_of(200'000 + number * 1000 + i);
        ASSERT_EQ(actor.call<&Warehouse::echo>(text).get(), text);
      }
    });
  }
  for (auto& each : threads) each.join();
}

TEST_F(LargePayloads, WaitForRoomWhereThePolicySaysSo) {
  Gate gate;
  auto actor = runtime().spawn<Warehouse>({.mailbox = {.payload = kMiB}});
  const auto held = actor.call<&Warehouse::hold>(gate.path());
  gate.wait_reached();
  std::vector<AsyncResult<std::string>> results;
  std::thread sender([&] {
    for (int i = 0; i < 10; ++i) results.push_back(actor.call<&Warehouse::echo>(text_of(kMiB - 100)));
  });
  gate.let_go();
  sender.join();
  for (const auto& each : results) EXPECT_EQ(each.get().size(), kMiB - 100);
  held.get();
}

TEST_F(LargePayloads, EndAtTheirDeadlineWhileTheyWaitForRoom) {
  Gate gate;
  auto actor = runtime().spawn<Warehouse>({.mailbox = {.payload = kMiB}});
  const auto held = actor.call<&Warehouse::hold>(gate.path());
  gate.wait_reached();
  std::vector<AsyncResult<std::string>> within;
  for (int i = 0; i < 2; ++i) within.push_back(actor.call<&Warehouse::echo>(text_of(kMiB - 100)));
  const auto late = actor.with({.deadline = std::chrono::milliseconds(10)}).call<&Warehouse::echo>(text_of(kMiB - 100));
  EXPECT_EQ(verdict<TimeoutError>(late), Execution::not_started);
  gate.let_go();
  for (const auto& each : within) EXPECT_EQ(each.get().size(), kMiB - 100);
  EXPECT_EQ(actor.call<&Warehouse::echo>(text_of(kMiB - 100)).get().size(), kMiB - 100);
}

TEST_F(LargePayloads, FailWithoutRoomWhereThePolicySaysSo) {
  Gate gate;
  auto actor = runtime().spawn<Warehouse>({.mailbox = {.when_full = WhenFull::fail, .payload = kMiB}});
  const auto held = actor.call<&Warehouse::hold>(gate.path());
  gate.wait_reached();
  const auto first = actor.call<&Warehouse::echo>(text_of(kMiB - 100)),
             second = actor.call<&Warehouse::echo>(text_of(kMiB - 100));
  EXPECT_TRUE(has_failed_with<MailboxFull>(actor.call<&Warehouse::echo>(text_of(kMiB - 100))));
  EXPECT_THROW(actor.tell<&Warehouse::keep>(1, text_of(kMiB - 100)), MailboxFull);
  actor.tell<&Warehouse::note>(2);  // small ones have room all the same
  gate.let_go();
  EXPECT_EQ(first.get().size(), second.get().size());
  EXPECT_EQ(actor.call<&Warehouse::kept>().get(), std::vector<int>{2});
  EXPECT_EQ(actor.call<&Warehouse::echo>(text_of(kMiB - 100)).get().size(), kMiB - 100);
}

TEST_F(LargePayloads, SpillInOrderWhereThePolicySaysSo) {
  Gate gate;
  auto actor = runtime().spawn<Warehouse>({.mailbox = {.calls = 8, .when_full = WhenFull::spill, .payload = kMiB}});
  const auto held = actor.call<&Warehouse::hold>(gate.path());
  gate.wait_reached();
  std::vector<int> expected;
  for (int i = 0; i < 60; ++i) {
    if (i % 2 == 0) {
      actor.tell<&Warehouse::keep>(i, std::string(500'000 + static_cast<std::size_t>(i % 4) * 100'000, 'x'));
    } else {
      actor.tell<&Warehouse::note>(i);
    }
    expected.push_back(i);
  }
  gate.let_go();
  EXPECT_EQ(actor.call<&Warehouse::kept>().get(), expected);
}

TEST_F(LargePayloads, OverTheMaximumFailAtTheSenderAndNameTheRemedy) {
  auto actor = runtime().spawn<Warehouse>({.mailbox = {.payload = 1000}});
  EXPECT_EQ(actor.call<&Warehouse::echo>(std::string(992, 'x')).get().size(), 992u);
  try {
    actor.call<&Warehouse::echo>(std::string(993, 'x')).get();
    FAIL();
  } catch (const SerializationError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("1001 bytes"), std::string::npos) << text;
    EXPECT_NE(text.find("at most 1000"), std::string::npos) << text;
    EXPECT_NE(text.find("SpawnOptions::mailbox.payload"), std::string::npos) << text;
  }
  EXPECT_EQ(actor.call<&Warehouse::echo>("after").get(), "after");
}

TEST_F(LargePayloads, RefuseAMaximumThatCannotBe) {
  EXPECT_THROW(runtime().spawn<Warehouse>({.mailbox = {.payload = 0}}), std::invalid_argument);
  EXPECT_THROW(runtime().spawn<Warehouse>({.mailbox = {.payload = SIZE_MAX}}), std::invalid_argument);
}

TEST_F(LargePayloads, AreExceptionsToo) {
  auto actor = runtime().spawn<Warehouse>();
  try {
    actor.call<&Warehouse::complain>(300'000).get();
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(std::string(error.what()).size(), 300'000u);
  }
}

TEST_F(LargePayloads, OfADeadActorHaveTheirVerdicts) {
  auto actor = runtime().spawn<Warehouse>();
  const auto deadly = actor.call<&Warehouse::die>(text_of(kMiB));
  const auto behind = actor.call<&Warehouse::echo>(text_of(kMiB));
  EXPECT_EQ(verdict<ActorDied>(deadly), Execution::maybe);
  EXPECT_EQ(verdict<ActorDied>(behind), Execution::not_started);
}

TEST_F(LargePayloads, ThatWereRepliedBeforeTheEndAreDelivered) {
  auto actor = runtime().spawn<Warehouse>();
  const auto first = actor.call<&Warehouse::make>(3 * kMiB), second = actor.call<&Warehouse::make>(5 * kMiB);
  actor.call<&Warehouse::hold>(std::string("/nowhere")).get();
  actor.kill();
  actor.wait();
  EXPECT_EQ(first.get(), text_of(3 * kMiB));
  EXPECT_EQ(second.get(), text_of(5 * kMiB));
}

TEST_F(LargePayloads, GiveTheirMemoryBack) {
  auto actor = runtime().spawn<Warehouse>();
  const std::size_t before = bytes_held_in_channels();
  std::vector<AsyncResult<std::size_t>> results;
  const std::vector<char> bytes(64 * kMiB);
  for (int i = 0; i < 6; ++i) results.push_back(actor.call<&Warehouse::measure>(bytes));
  for (const auto& each : results) each.get();
  wait_until_given_back(before);
}

TEST_F(LargePayloads, OfOneWayMessagesGiveTheirMemoryBackWithNobodyWaiting) {
  auto actor = runtime().spawn<Warehouse>();
  const std::size_t before = bytes_held_in_channels();
  for (int i = 0; i < 6; ++i) actor.tell<&Warehouse::keep>(i, std::string(64 * kMiB, 'x'));
  wait_until_given_back(before);
}

TEST_F(LargePayloads, OfResultsThatNobodyReadsAtOnceWaitInTheActor) {
  auto actor = runtime().spawn<Warehouse>({.mailbox = {.payload = kMiB}});
  std::vector<AsyncResult<std::string>> results;
  for (int i = 0; i < 12; ++i) results.push_back(actor.call<&Warehouse::make>(kMiB - 100));
  for (const auto& each : results) EXPECT_EQ(each.get(), text_of(kMiB - 100));
}

// Where files may not be so large, what fits is the largest payload.
TEST_F(LargePayloads, AreSmallerWhereFilesMayNotBeLarge) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit narrow{40 * kMiB, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &narrow), 0);
  auto actor = runtime().spawn<Warehouse>();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(actor.call<&Warehouse::echo>(text_of(9 * kMiB)).get().size(), 9 * kMiB);
  EXPECT_TRUE(has_failed_with<SerializationError>(actor.call<&Warehouse::echo>(text_of(11 * kMiB))));
}

}  // namespace
}  // namespace troupe::test
