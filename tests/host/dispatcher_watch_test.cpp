// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <utility>
#include <vector>

#include "host/message_watch.hpp"
#include "tests/host/stage.hpp"

// A watch hears of each message before it is run, and of no other.
namespace troupe::host {
namespace {

class Count final : public MessageWatch {
 public:
  void message_taken() override { ++taken_; }
  int take() { return taken_.exchange(0); }

 private:
  std::atomic<int> taken_{0};
};

Count count;

void watch(void*, detail::Invocation& invocation) {
  invocation.entered();
  watch_messages(count);
}

// Answers how many messages have been taken since it was asked last.
void taken(void*, detail::Invocation& invocation) { answer_with(invocation, argument_of(invocation) + count.take()); }

TEST(DispatcherWatch, HearsOfEachMessageBeforeItIsRun) {
  Stage stage;
  Client client = stage.open();
  client.ask(method<&taken>(), 0);  // found quickly from here on
  client.tell(method<&watch>(), 0);
  EXPECT_EQ(client.ask(method<&taken>(), 0).number(), 1);
  client.tell(method<&note>(), 7);
  client.tell(method<&note>(), 8);
  EXPECT_EQ(client.ask(method<&taken>(), 0).number(), 3);
  EXPECT_EQ(stage.stop(), 0);
  EXPECT_THAT(stage.recorder().seen, ::testing::ElementsAre(7, 8));
}

TEST(DispatcherWatch, HearsOfTheMessagesOfAllChannels) {
  Stage stage;
  Client first = stage.open();
  Client second = stage.open();
  second.ask(method<&add_one>(), 1);
  first.tell(method<&watch>(), 0);
  first.ask(method<&taken>(), 0);
  EXPECT_EQ(second.ask(method<&add_one>(), 1).number(), 2);
  Client third = stage.open();
  EXPECT_EQ(third.ask(method<&add_one>(), 2).number(), 3);
  EXPECT_EQ(first.ask(method<&taken>(), 0).number(), 3);
}

TEST(DispatcherWatch, HearsNothingOfWhatIsNotRun) {
  Stage stage;
  Client client = stage.open();
  client.tell(method<&watch>(), 0);
  client.ask(method<&taken>(), 0);
  client.ask(method<&note, Stranger>(), 1);
  client.call(method<&add_one>(), 1, 0);  // its deadline has passed
  client.wait_reply();
  EXPECT_EQ(client.ask(method<&taken>(), 0).number(), 1);
}

TEST(DispatcherWatch, BeginsInAMethodOnly) { EXPECT_THROW(watch_messages(count), std::logic_error); }

}  // namespace
}  // namespace troupe::host
