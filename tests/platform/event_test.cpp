// SPDX-License-Identifier: BSL-1.0
#include "platform/event.hpp"

#include <gtest/gtest.h>

#include "platform/poll.hpp"

namespace troupe::platform::testing {
namespace {

bool is_signalled(const Event& event) {
  return wait_ready(event.handle().get(), ReadyTo::read, std::chrono::steady_clock::now());
}

TEST(Event, SignalsMergeUntilItIsCleared) {
  const Event event = Event::create();
  EXPECT_FALSE(is_signalled(event));
  event.signal();
  event.signal();
  EXPECT_TRUE(is_signalled(event));
  event.clear();
  EXPECT_FALSE(is_signalled(event));
}

TEST(Event, ClearingAClearEventDoesNotBlock) {
  const Event event = Event::create();
  event.clear();
  EXPECT_FALSE(is_signalled(event));
}

TEST(Event, SharesItsStateWithADuplicate) {
  const Event event = Event::create();
  const Event other(event.handle().duplicate());
  other.signal();
  EXPECT_TRUE(is_signalled(event));
}

}  // namespace
}  // namespace troupe::platform::testing
