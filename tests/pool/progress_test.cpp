// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/progress.hpp>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "pool/progress_line.hpp"
#include "tests/pool/kinds.hpp"

namespace troupe {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ProgressBar, WritesLinesWhereThereIsNoTerminal) {
  std::ostringstream stream;
  const auto bar = progress_bar(stream);
  bar({.done = 5, .total = 10, .per_second = 2.4});
  bar({.done = 10, .total = 10, .per_second = 3.6});
  EXPECT_EQ(stream.str(), "5 of 10 done, 2 per second\n10 of 10 done, 4 per second\n");
}

TEST(ProgressBar, OfNothingIsDone) {
  std::ostringstream stream;
  progress_bar(stream)({});
  EXPECT_EQ(stream.str(), "0 of 0 done, 0 per second\n");
}

TEST(ProgressBar, DrawsOneLineUntilAllIsDone) {
  std::ostringstream stream;
  {
    detail::ProgressLine line(stream, true);
    line.show({.done = 5, .total = 10});
    EXPECT_THAT(stream.str(), Not(HasSubstr("\n")));
    line.show({.done = 10, .total = 10});
    EXPECT_THAT(stream.str(), EndsWith("\n"));
  }
  EXPECT_THAT(stream.str(), Not(EndsWith("\n\n"))) << "it has been ended";
}

TEST(ProgressBar, HasNoPercentageWhereTheTotalIsUnknown) {
  std::ostringstream stream;
  detail::ProgressLine line(stream, true);
  line.show({.done = 5, .total = 5, .is_total_known = false});
  EXPECT_THAT(stream.str(), AllOf(HasSubstr("5 done"), Not(HasSubstr("%")), Not(HasSubstr("\n"))));
}

TEST(ProgressBar, EndsItsLineWhenItGoes) {
  std::ostringstream stream;
  {
    detail::ProgressLine line(stream, true);
    line.show({.done = 5, .total = 10});
  }
  EXPECT_THAT(stream.str(), EndsWith("\n"));
}

// What a pool tells of its progress, until all is done.
class Told {
 public:
  void operator()(const Progress& progress) {
    const std::lock_guard lock(mutex_);
    all_.push_back(progress);
    if (is_end(progress)) is_ended_.notify_all();
  }
  std::vector<Progress> until_end() {
    std::unique_lock lock(mutex_);
    is_ended_.wait(lock, [this] { return !all_.empty() && is_end(all_.back()); });
    return all_;
  }
  static bool is_end(const Progress& progress) { return progress.is_total_known && progress.done == progress.total; }

 private:
  std::mutex mutex_;
  std::condition_variable is_ended_;
  std::vector<Progress> all_;
};

template <class Kind>
class ProgressOf : public test::KindTest<Kind> {};
TYPED_TEST_SUITE(ProgressOf, test::Kinds, test::KindNames);

TYPED_TEST(ProgressOf, AnImapKnowsTheSizeOfItsRangeAndEndsOnce) {
  Told told;
  auto pool = this->pool(2);
  pool.on_progress([&told](const Progress& progress) { told(progress); });
  for (const int square : pool.imap(fn<&test::square>, test::numbers_to(1000))) EXPECT_GE(square, 0);
  const auto all = told.until_end();
  EXPECT_EQ(std::count_if(all.begin(), all.end(), &Told::is_end), 1);
  for (const Progress& each : all) {
    EXPECT_TRUE(each.is_total_known);
    EXPECT_EQ(each.total, 1000u);
  }
}

TYPED_TEST(ProgressOf, AnImapOfUnknownSizeHasNoTotalUntilItsEnd) {
  Told told;
  auto pool = this->pool(2);
  pool.on_progress([&told](const Progress& progress) { told(progress); });
  const auto some = []() -> Generator<int> {
    for (int number = 0; number < 1000; ++number) co_yield number;
  };
  for (const int square : pool.imap(fn<&test::square>, some())) EXPECT_GE(square, 0);
  const auto all = told.until_end();
  EXPECT_EQ(std::count_if(all.begin(), all.end(), &Told::is_end), 1);
  EXPECT_EQ(all.back().total, 1000u);
  EXPECT_FALSE(all.front().is_total_known);
}

TYPED_TEST(ProgressOf, AnImapThatIsLeftIsNotWaitedFor) {
  Told told;
  auto pool = this->pool(2);
  pool.on_progress([&told](const Progress& progress) { told(progress); });
  {
    auto results = pool.imap(fn<&test::square>, test::numbers_to(1000));
    EXPECT_EQ(results.next(), 0);
  }
  EXPECT_LT(told.until_end().back().total, 1000u);
}

TYPED_TEST(ProgressOf, AnImapWhosePoolHasEndedEndsToo) {
  Told told;
  auto pool = this->pool(2);
  pool.on_progress([&told](const Progress& progress) { told(progress); });
  auto results = pool.imap(fn<&test::square>, test::numbers_to(1000));
  pool.close();
  pool.join();
  EXPECT_THROW(while (results.next()){}, PoolStateError);
  EXPECT_LT(told.until_end().back().total, 1000u);
}

// Else it would be called when what it refers to is gone.
TYPED_TEST(ProgressOf, AnImapThatOutlivesItsPoolIsToldNobody) {
  auto told = std::make_shared<Told>();
  const std::weak_ptr<Told> is_told = told;
  using Results = decltype(this->pool(2).imap(fn<&test::square>, test::numbers_to(1000)));
  std::optional<Results> results;
  {
    auto pool = this->pool(2);
    pool.on_progress([told = std::move(told)](const Progress& progress) { (*told)(progress); });
    results.emplace(pool.imap(fn<&test::square>, test::numbers_to(1000)));
  }
  while (!is_told.expired()) std::this_thread::yield();
  EXPECT_ANY_THROW(while (results->next()){});
}

}  // namespace
}  // namespace troupe
