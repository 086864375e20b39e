// SPDX-License-Identifier: BSL-1.0
// How many calls wait for their replies, as others than the sender and the reader are told.
#include <gtest/gtest.h>

#include <memory>

#include "tests/channel/conformance/channels.hpp"
#include "tests/channel/conformance/talk.hpp"

namespace troupe::channel {
namespace {

class Outstanding : public ::testing::Test {
 protected:
  SharedMemoryChannel channel;  // its client's end is not used
  ClientEnd client{kSmall, channel.memories(), platform::Event::pair().first};
};

TEST_F(Outstanding, CountsCallsUntilTheirRepliesAreFinished) {
  EXPECT_EQ(client.outstanding(), 0U);
  send(client);
  send(client);
  EXPECT_EQ(client.outstanding(), 2U);
  serve(channel.host);
  EXPECT_EQ(client.outstanding(), 2U);
  receive(client);
  EXPECT_EQ(client.outstanding(), 1U);
  EXPECT_EQ(client.finished(), 1U);
}

TEST_F(Outstanding, CountsNoOneWayMessages) {
  send(client, {}, wire::RequestKind::tell);
  send(client);
  send(client, {}, wire::RequestKind::tell);
  EXPECT_EQ(client.outstanding(), 1U);
  for (int i = 0; i < 3; ++i) serve(channel.host);
  receive(client);
  EXPECT_EQ(client.outstanding(), 0U);
}

TEST_F(Outstanding, CountsFromNoneInTheNextLife) {
  for (int i = 0; i < 3; ++i) send(client);
  serve(channel.host);
  receive(client);
  client.judge(ClientEnd::Which::all);
  client.empty_for_next_life();
  EXPECT_EQ(client.outstanding(), 0U);
  client.reopen({HostEnd::create_replies(kSmall), HostEnd::create_states(kSmall), HostEnd::create_reply_extents(kSmall),
                 platform::Event::pair().first});
  EXPECT_EQ(client.outstanding(), 0U);
  send(client);
  EXPECT_EQ(client.outstanding(), 1U);
  EXPECT_EQ(client.finished(), 1U);
}

}  // namespace
}  // namespace troupe::channel
