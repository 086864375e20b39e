// SPDX-License-Identifier: BSL-1.0
// Methods that return a generator, or another range: the caller gets their values one by one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <cereal/types/map.hpp>
#include <condition_variable>
#include <csignal>
#include <map>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "gate.hpp"
#include "processes.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Counts how many of its generators there are, and how many values they have made.
class Source {
 public:
  Generator<int> numbers(int first, int last) {
    const Alive alive(*this);
    for (int number = first; number < last; ++number) {
      ++made_;
      co_yield number;
    }
  }
  Generator<int> endless() { return numbers(0, INT_MAX); }
  Generator<int> fail_at(int position) {
    const Alive alive(*this);
    for (int number = 0; number < position; ++number) co_yield number;
    throw std::out_of_range("no more");
  }
  Generator<int> fail_at_once() { throw std::domain_error("not even one"); }
  Generator<int> crash_at(int position) {
    for (int number = 0; number < position; ++number) co_yield number;
    ::raise(SIGKILL);
  }
  Generator<std::string> words(const std::string& text, std::string_view separators) {
    for (std::size_t at = 0; at <= text.size();) {
      const std::size_t end = std::min(text.find_first_of(separators, at), text.size());
      co_yield text.substr(at, end - at);
      at = end + 1;
    }
  }
  Generator<std::string> large(int count, std::size_t bytes) {
    for (; made_ < count; ++made_) co_yield std::string(bytes, static_cast<char>('a' + made_ % 26));
  }
  Generator<std::map<std::string, int>> maps() {
    std::map<std::string, int> map;
    for (const char* key : {"a", "b"}) {
      map[key] = static_cast<int>(map.size());
      co_yield map;
    }
  }
  Generator<Proxy<Recorder>> those(std::vector<Proxy<Recorder>> all) {
    for (const auto& each : all) co_yield each;
  }
  Generator<int> at_gate(const std::string& gate, int count) {
    co_yield 0;
    wait_at(gate);
    for (int number = 1; number < count; ++number) co_yield number;
  }
  Generator<int> until_told_to_stop() {
    const Alive alive(*this);
    co_yield 0;
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    never.wait(lock, this_call().stop_token(), [] { return false; });
  }
  Generator<int> of_another(Proxy<Source> other, int last) {
    for (const int number : other.stream<&Source::numbers>(0, last)) co_yield number;
  }
  const std::vector<int>& stored() const { return stored_; }
  std::vector<std::string> none() { return {}; }
  Stream<int> passed_on(Proxy<Source> other, int last) { return other.stream<&Source::numbers>(0, last); }

  void hold(const std::string& gate) { wait_at(gate); }
  int alive() const { return alive_; }
  int made() const { return made_; }
  int same(int number) const { return number; }

 private:
  struct Alive {
    explicit Alive(Source& source) : source_(source) { ++source_.alive_; }
    ~Alive() { --source_.alive_; }
    Source& source_;
  };

  const std::vector<int> stored_{3, 1, 4};
  int alive_ = 0;
  int made_ = 0;
};

// Reads streams for others.
class Reader {
 public:
  int first_of(Proxy<Source> source) {
    stream_ = source.stream<&Source::endless>();
    return stream_.next().value();
  }

 private:
  Stream<int> stream_;
};

template <class T>
std::vector<T> all_of(Stream<T> stream) {
  std::vector<T> values;
  for (T& value : stream) values.push_back(std::move(value));
  return values;
}

class StreamTest : public testing::RuntimeTest {
 protected:
  Proxy<Source> source_ = runtime().spawn<Source>();
};

TEST_F(StreamTest, GivesTheValuesInTheirOrder) {
  std::vector<int> expected(1000);
  for (int each = 0; each < 1000; ++each) expected[static_cast<std::size_t>(each)] = each;
  EXPECT_EQ(all_of(source_.stream<&Source::numbers>(0, 1000)), expected);
  EXPECT_THAT(all_of(source_.stream<&Source::numbers>(5, 6)), ElementsAre(5));
  EXPECT_THAT(all_of(source_.stream<&Source::numbers>(5, 5)), ElementsAre());
}

TEST_F(StreamTest, IsOfAnyRange) {
  EXPECT_THAT(all_of(source_.stream<&Source::stored>()), ElementsAre(3, 1, 4));
  EXPECT_THAT(all_of(source_.stream<&Source::none>()), ElementsAre());
}

TEST_F(StreamTest, IsOfWhateverCrosses) {
  EXPECT_THAT(all_of(source_.stream<&Source::words>("to be or", " ")), ElementsAre("to", "be", "or"));
  const auto maps = all_of(source_.stream<&Source::maps>());
  EXPECT_THAT(maps, ElementsAre(std::map<std::string, int>{{"a", 0}}, std::map<std::string, int>{{"a", 0}, {"b", 1}}));
  auto one = runtime().spawn<Recorder>();
  auto two = runtime().spawn<Recorder>();
  const auto same = all_of(source_.stream<&Source::those>(std::vector{one, two}));
  EXPECT_THAT(same, ElementsAre(one, two));
  EXPECT_EQ(same[1].call<&Recorder::note>(7).get(), 7);
}

TEST_F(StreamTest, OfLargeValues) {
  int count = 0;
  for (const std::string& value : source_.stream<&Source::large>(20, 3u << 20)) {
    EXPECT_EQ(value, std::string(3u << 20, static_cast<char>('a' + count % 26)));
    ++count;
  }
  EXPECT_EQ(count, 20);
}

TEST_F(StreamTest, StaysAtItsEnd) {
  auto stream = source_.stream<&Source::numbers>(0, 1);
  EXPECT_EQ(stream.next(), 0);
  EXPECT_EQ(stream.next(), std::nullopt);
  EXPECT_EQ(stream.next(), std::nullopt);
  EXPECT_EQ(stream.async_next().get(), std::nullopt);
  EXPECT_EQ(Stream<int>().next(), std::nullopt) << "one that never was";
}

TEST_F(StreamTest, ThrowsAnErrorInItsPlace) {
  auto stream = source_.stream<&Source::fail_at>(3);
  for (int number = 0; number < 3; ++number) EXPECT_EQ(stream.next(), number);
  EXPECT_THROW(stream.next(), std::out_of_range);
  EXPECT_EQ(stream.next(), std::nullopt);
  EXPECT_THROW(source_.stream<&Source::fail_at_once>().next(), std::domain_error);
  EXPECT_EQ(source_.call<&Source::alive>().get(), 0);
}

TEST_F(StreamTest, MakesNoMoreThanItsWindowAhead) {
  auto stream = source_.with({.window = 3}).stream<&Source::endless>();
  for (int received = 1; received < 20; ++received) {
    EXPECT_EQ(stream.next(), received - 1);
    EXPECT_LE(source_.call<&Source::made>().get(), received + 3);
  }
  EXPECT_EQ(source_.call<&Source::made>().get(), 19 + 3);
}

TEST_F(StreamTest, OfLargeValuesIsTwoAhead) {
  auto stream = source_.stream<&Source::large>(100, 1u << 20);
  for (int received = 0; received < 5; ++received) (void)stream.next();
  EXPECT_EQ(source_.call<&Source::made>().get(), 5 + 2 - 1) << "the last one stands at its co_yield";
}

TEST_F(StreamTest, LeavesItsActorFreeBetweenValues) {
  int count = 0;
  for (const int number : source_.stream<&Source::numbers>(0, 200)) EXPECT_EQ(source_.call<&Source::same>(number).get(), count++);
  EXPECT_EQ(count, 200);
}

TEST_F(StreamTest, GoesSideBySideWithOthers) {
  auto one = source_.stream<&Source::numbers>(0, 100);
  auto other = source_.stream<&Source::numbers>(100, 200);
  for (int number = 0; number < 100; ++number) {
    EXPECT_EQ(one.next(), number);
    EXPECT_EQ(other.next(), number + 100);
  }
  EXPECT_EQ(one.next(), std::nullopt);
  EXPECT_EQ(other.next(), std::nullopt);
}

TEST_F(StreamTest, ThatIsDroppedIsDestroyedInItsActor) {
  {
    auto stream = source_.stream<&Source::endless>();
    EXPECT_EQ(stream.next(), 0);
    EXPECT_EQ(source_.call<&Source::alive>().get(), 1);
  }
  EXPECT_EQ(source_.call<&Source::alive>().get(), 0);
  auto stream = source_.stream<&Source::endless>();
  EXPECT_EQ(stream.next(), 0);
  stream.cancel();
  EXPECT_EQ(stream.next(), std::nullopt);
  EXPECT_EQ(source_.call<&Source::alive>().get(), 0);
  (void)source_.stream<&Source::endless>();
  EXPECT_EQ(source_.call<&Source::alive>().get(), 0);
}

TEST_F(StreamTest, ThatIsDroppedAsksTheGeneratorToStop) {
  auto stream = source_.stream<&Source::until_told_to_stop>();
  EXPECT_EQ(stream.next(), 0);
  stream = {};
  EXPECT_EQ(source_.call<&Source::alive>().get(), 0);
}

TEST_F(StreamTest, IsDroppedWhateverItsMailboxHolds) {
  Gate gate;
  auto source = runtime().spawn<Source>(SpawnOptions{.mailbox = {.calls = 8, .when_full = WhenFull::fail}});
  auto stream = source.stream<&Source::endless>();
  EXPECT_EQ(stream.next(), 0);
  source.tell<&Source::hold>(gate.path());
  gate.wait_reached();
  EXPECT_THROW(for (;;) source.tell<&Source::same>(1), MailboxFull);
  stream = {};
  gate.let_go();
  while (source.call<&Source::same>(1).exception() != nullptr) std::this_thread::yield();
  EXPECT_EQ(source.call<&Source::alive>().get(), 0);
}

TEST_F(StreamTest, LosesNothingWhereTheMailboxIsFull) {
  auto source = runtime().spawn<Source>(SpawnOptions{.mailbox = {.calls = 4, .when_full = WhenFull::fail}});
  int count = 0;
  auto stream = source.stream<&Source::numbers>(0, 500);
  while (count < 500) {
    try {
      EXPECT_EQ(stream.next(), count);
      ++count;
    } catch (const MailboxFull&) {  // not even one could be asked for
    }
  }
  EXPECT_EQ(stream.next(), std::nullopt);
}

TEST_F(StreamTest, WaitsAtMostTheTimeOutForAValue) {
  Gate gate;
  auto stream = source_.stream<&Source::at_gate>(gate.path(), 3);
  EXPECT_EQ(stream.next(), 0);
  EXPECT_THROW(stream.next(std::chrono::milliseconds(1)), TimeoutError);
  EXPECT_THROW(stream.next(std::chrono::milliseconds(-1)), TimeoutError);
  gate.open();
  EXPECT_EQ(stream.next(), 1);
  EXPECT_EQ(stream.next(), 2);
  EXPECT_EQ(stream.next(), std::nullopt);
}

TEST_F(StreamTest, HasOneDeadlineForTheWholeOfIt) {
  Gate gate;
  auto stream = source_.with({.deadline = std::chrono::milliseconds(50)}).stream<&Source::at_gate>(gate.path(), 3);
  EXPECT_EQ(stream.next(), 0);
  EXPECT_THROW(stream.next(), TimeoutError);
  EXPECT_EQ(stream.next(), std::nullopt);
  gate.open();
  auto endless = source_.with({.deadline = std::chrono::milliseconds(20)}).stream<&Source::endless>();
  EXPECT_THROW(while (endless.next()) continue, TimeoutError);
}

TEST_F(StreamTest, EndsWithItsActorAfterTheValuesBefore) {
  auto stream = source_.stream<&Source::crash_at>(3);
  for (int number = 0; number < 3; ++number) EXPECT_EQ(stream.next(), number);
  try {
    stream.next();
    ADD_FAILURE() << "its actor has died";
  } catch (const ActorDied& error) {
    EXPECT_EQ(error.execution(), Execution::maybe);
    EXPECT_EQ(error.cause().signal, SIGKILL);
    EXPECT_THAT(error.what(), HasSubstr("Source::crash_at"));
  }
  EXPECT_EQ(stream.next(), std::nullopt);
  EXPECT_THROW(source_.stream<&Source::endless>().next(), ActorDied);
}

class StreamOfAMortal : public testing::RuntimeTest {
 protected:
  Proxy<Source> source_ = runtime().spawn<Source>(SpawnOptions{.restart = {.max = 5}});
  void kill_source() {
    source_.run([](Source&) { ::raise(SIGKILL); }).wait();
  }
};

TEST_F(StreamOfAMortal, IsOfOneLifeOfItsActor) {
  auto stream = source_.stream<&Source::endless>();
  EXPECT_EQ(stream.next(), 0);
  kill_source();
  EXPECT_EQ(source_.call<&Source::alive>().get(), 0) << "it lives again";
  int received = 1;
  try {
    for (; stream.next(); ++received) EXPECT_LT(received, 4);
    ADD_FAILURE() << "that is no end of it";
  } catch (const ActorDied& error) {
    EXPECT_EQ(error.cause().signal, SIGKILL);
    EXPECT_EQ(error.execution(), Execution::not_started);
  }
  EXPECT_EQ(stream.next(), std::nullopt);
  EXPECT_EQ(source_.stream<&Source::endless>().next(), 0);
}

TEST_F(StreamOfAMortal, DoesNotWaitForTheNextLife) {
  Gate gate;
  auto source = runtime().spawn<Source>(
      SpawnOptions{.restart = {.max = 5, .backoff = {.first = std::chrono::hours(1), .most = std::chrono::hours(1)}}});
  auto stream = source.stream<&Source::endless>();
  EXPECT_EQ(stream.next(), 0);
  while (stream.next().value() < 10) continue;
  source.tell<&Source::hold>(gate.path());
  gate.wait_reached();
  const int pid = source.pid();
  ASSERT_EQ(::kill(pid, SIGKILL), 0);
  EXPECT_THROW(while (stream.next()) continue, ActorDied);
  gate.let_go();
}

TEST_F(StreamOfAMortal, ThatWasNotOpenedYetIsOpenedInTheNextLife) {
  Gate gate;
  source_.tell<&Source::hold>(gate.path());
  gate.wait_reached();
  auto stream = source_.stream<&Source::numbers>(0, 3);
  ASSERT_EQ(::kill(source_.pid(), SIGKILL), 0);
  gate.let_go();
  std::vector<int> values;
  try {
    for (const int value : stream) values.push_back(value);
    EXPECT_THAT(values, ElementsAre(0, 1, 2));
  } catch (const ActorDied&) {
    ADD_FAILURE() << "after " << values.size() << " values";
  }
}

TEST_F(StreamTest, GivesResultsOfItsNextValues) {
  auto stream = source_.stream<&Source::numbers>(0, 3);
  std::vector<AsyncResult<std::optional<int>>> results;
  for (int each = 0; each < 5; ++each) results.push_back(stream.async_next());
  std::vector<std::optional<int>> values;
  for (const auto& result : results) values.push_back(result.get());
  EXPECT_THAT(values, ElementsAre(0, 1, 2, std::nullopt, std::nullopt));
  EXPECT_EQ(source_.stream<&Source::numbers>(7, 9).async_next().then([](std::optional<int> value) { return *value + 1; }).get(),
            8);
}

TEST_F(StreamTest, OfAnErrorGivesResultsInTheirPlaces) {
  auto stream = source_.stream<&Source::fail_at_once>();
  const auto first = stream.async_next();
  const auto second = stream.async_next();
  EXPECT_THROW(first.get(), std::domain_error);
  EXPECT_EQ(second.get(), std::nullopt);
}

TEST_F(StreamTest, AResultThatIsCancelledTakesNoValue) {
  Gate gate;
  auto stream = source_.stream<&Source::numbers>(0, 10);
  EXPECT_EQ(stream.next(), 0);
  EXPECT_EQ(stream.next(), 1);
  while (source_.call<&Source::made>().get() < 3) continue;
  source_.tell<&Source::hold>(gate.path());
  gate.wait_reached();
  std::vector<AsyncResult<std::optional<int>>> results;
  for (int each = 0; each < 8; ++each) results.push_back(stream.async_next());
  const bool is_cancelled = results.back().cancel();
  EXPECT_TRUE(is_cancelled);
  gate.let_go();
  results.pop_back();
  results.push_back(stream.async_next());
  for (int each = 0; each < 8; ++each) EXPECT_EQ(results[static_cast<std::size_t>(each)].get(), each + 2);
}

TEST_F(StreamTest, ItsFirstResultCanBeCancelledLikeAnyOther) {
  Gate gate;
  source_.tell<&Source::hold>(gate.path());
  gate.wait_reached();
  auto stream = source_.stream<&Source::numbers>(0, 3);
  EXPECT_TRUE(stream.async_next().cancel());
  gate.let_go();
  for (int number = 0; number < 3; ++number) EXPECT_EQ(stream.next(), number);
  EXPECT_EQ(stream.next(), std::nullopt);
}

TEST_F(StreamTest, IsOneAheadWhereThatIsItsWindow) {
  auto stream = source_.with({.window = 1}).stream<&Source::endless>();
  for (int received = 1; received < 10; ++received) {
    EXPECT_EQ(stream.next(), received - 1);
    EXPECT_EQ(source_.call<&Source::made>().get(), received + 1);
  }
}

TEST_F(StreamTest, KeepsItsActor) {
  EXPECT_THAT(all_of(runtime().spawn<Source>().stream<&Source::numbers>(0, 3)), ElementsAre(0, 1, 2));
}

TEST_F(StreamTest, IsReadByActorsToo) {
  auto other = runtime().spawn<Source>();
  EXPECT_THAT(all_of(source_.stream<&Source::of_another>(other, 4)), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(all_of(source_.stream<&Source::passed_on>(other, 4)), ElementsAre(0, 1, 2, 3));
  EXPECT_THROW(source_.stream<&Source::of_another>(source_, 4).next(), RemoteException) << "it would wait for itself";
}

TEST_F(StreamTest, OfAProcessThatDiesIsDestroyedInItsActor) {
  auto reader = runtime().spawn<Reader>();
  EXPECT_EQ(reader.call<&Reader::first_of>(source_).get(), 0);
  EXPECT_EQ(source_.call<&Source::alive>().get(), 1);
  reader.kill();
  while (source_.call<&Source::alive>().get() != 0) std::this_thread::yield();
}

TEST_F(StreamTest, IsDestroyedBeforeAnActorThatStops) {
  auto stream = source_.stream<&Source::endless>();
  EXPECT_EQ(stream.next(), 0);
  source_.stop();
  EXPECT_EQ(source_.wait(), ExitStatus{.exit_code = 0});
}

TEST_F(StreamTest, RefusesWhatMakesNoSense) {
  EXPECT_THROW(source_.with({.window = 0}), std::invalid_argument);
  EXPECT_THROW((void)source_.with({.idempotent = true}).stream<&Source::endless>(), std::invalid_argument);
  EXPECT_THROW((void)Proxy<Source>().stream<&Source::endless>(), std::logic_error);
}

}  // namespace
}  // namespace troupe::test
