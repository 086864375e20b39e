// SPDX-License-Identifier: BSL-1.0
#include "platform/event.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "platform/poll.hpp"

namespace troupe::platform::testing {
namespace {

// More than the kernel keeps for a reader that does not read.
constexpr int kFarTooMany = 100'000;

bool is_signalled(const Event& event) {
  return wait_ready(event.handle().get(), ReadyTo::read, std::chrono::steady_clock::now());
}

// As another process could do with its copy of the handle.
void make_blocking(const Handle& handle) {
  const int flags = ::fcntl(handle.get(), F_GETFL);
  ASSERT_EQ(::fcntl(handle.get(), F_SETFL, flags & ~O_NONBLOCK), 0);
}

TEST(Event, SignalsMergeUntilItIsCleared) {
  const auto [event, other] = Event::pair();
  EXPECT_FALSE(is_signalled(event));
  other.signal();
  other.signal();
  EXPECT_TRUE(is_signalled(event));
  EXPECT_TRUE(event.clear());
  EXPECT_FALSE(is_signalled(event));
}

TEST(Event, ClearingAClearEventDoesNotBlock) {
  const auto [event, other] = Event::pair();
  EXPECT_TRUE(event.clear());
  EXPECT_FALSE(is_signalled(event));
}

TEST(Event, SharesItsStateWithADuplicate) {
  const auto [event, other] = Event::pair();
  const Event copy(other.handle().duplicate());
  copy.signal();
  EXPECT_TRUE(is_signalled(event));
}

TEST(Event, SignalsOneThatNobodyReadsWithoutWaitingForRoom) {
  const auto [event, other] = Event::pair();
  make_blocking(event.handle());
  make_blocking(other.handle());
  for (int i = 0; i < kFarTooMany; ++i) other.signal();
  EXPECT_TRUE(is_signalled(event));
}

TEST(Event, IsClearedWithoutWaitingWhateverItsFlagsAre) {
  const auto [event, other] = Event::pair();
  make_blocking(event.handle());
  EXPECT_TRUE(event.clear());
}

TEST(Event, IsUsableAgainAfterAFlood) {
  const auto [event, other] = Event::pair();
  for (int i = 0; i < kFarTooMany; ++i) other.signal();
  while (is_signalled(event)) EXPECT_TRUE(event.clear());
  other.signal();
  EXPECT_TRUE(is_signalled(event));
}

TEST(Event, KnowsWhenNoSignalCanComeAnyMore) {
  auto [event, other] = Event::pair();
  other.signal();
  other = {};
  EXPECT_TRUE(event.clear());
  EXPECT_FALSE(event.clear());
  event.signal();  // nobody hears it, and nothing is raised
}

// A peer may hand over whatever it likes.
TEST(Event, MadeOfSomethingElseDoesNotBlock) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
  const Event reader{Handle(ends[0])};
  const Event writer{Handle(ends[1])};
  const std::array<char, 4096> filling{};
  while (::write(ends[1], filling.data(), filling.size()) > 0) continue;
  make_blocking(writer.handle());
  writer.signal();
  EXPECT_FALSE(writer.clear());
}

}  // namespace
}  // namespace troupe::platform::testing
