// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/progress.hpp>

#include <sstream>

namespace troupe {
namespace {

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

}  // namespace
}  // namespace troupe
