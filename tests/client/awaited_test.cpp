// SPDX-License-Identifier: BSL-1.0
#include "client/awaited.hpp"

#include <gtest/gtest.h>

#include <exception>
#include <memory>
#include <stdexcept>
#include <thread>

namespace troupe::client {
namespace {

TEST(Awaited, GivesWhatHasCome) {
  Awaited<std::unique_ptr<int>> number;
  number.give(std::make_unique<int>(7));
  EXPECT_EQ(*number.take(), 7);
}

TEST(Awaited, ThrowsWhatItFailedWith) {
  Awaited<int> number;
  number.fail(std::make_exception_ptr(std::out_of_range("none")));
  EXPECT_THROW(number.take(), std::out_of_range);
}

TEST(Awaited, WaitsForAnotherThreadAndMayGoOnceItHasTaken) {
  for (int round = 0; round < 1000; ++round) {
    auto number = std::make_unique<Awaited<int>>();
    std::thread giver([&given = *number, round] { given.give(round); });
    EXPECT_EQ(number->take(), round);
    number.reset();
    giver.join();
  }
}

}  // namespace
}  // namespace troupe::client
