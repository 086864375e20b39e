// SPDX-License-Identifier: BSL-1.0
// Random operations on both ends of a channel, in one thread, against a plain book of what has to come of them.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <map>
#include <random>

#include "tests/channel/conformance/channels.hpp"
#include "tests/channel/conformance/talk.hpp"

namespace troupe::channel {
namespace {

using wire::ReplyKind;
using wire::RequestKind;
using wire::SlotState;

std::uint64_t chosen_seed() {
  const char* given = std::getenv("TROUPE_TEST_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

// What became of a request so far.
enum class Stage { queued, cancelled, started, ran, refused };

struct Entry {
  Ticket ticket;
  RequestKind kind;
  Bytes payload;
  Stage stage = Stage::queued;
  ReplyKind reply_kind = ReplyKind::value;
  Bytes reply;
  bool is_finished = false;  // by the host
};

template <class Channel>
class RandomOperations {
 public:
  explicit RandomOperations(std::uint64_t seed) : random_(seed) {}

  void run(int operations) {
    for (int i = 0; i < operations && !::testing::Test::HasFailure(); ++i) step();
    settle();
    judge();
  }

 private:
  using Key = std::pair<std::uint16_t, std::uint32_t>;
  static Key key(const Ticket& ticket) { return {ticket.slot, ticket.generation}; }

  unsigned below(unsigned count) { return static_cast<unsigned>(random_() % count); }

  void step() {
    switch (below(10)) {
      case 0:
        return drop_draft();
      case 1:
      case 2:
      case 3:
        return send_one();
      case 4:
      case 5:
      case 6:
        return serve_one();
      case 7:
      case 8:
        return receive_one();
      default:
        return below(2) == 0 ? cancel_one() : flush();
    }
  }

  std::size_t some_size(std::size_t most) {
    const unsigned kind = below(8);
    if (kind == 0) return most;
    return kind < 4 ? below(100) : below(static_cast<unsigned>(most) + 1);
  }

  void drop_draft() {
    const auto draft =
        channel_.client.draft(static_cast<std::uint32_t>(some_size(channel_.client.geometry().max_ring_request())));
    if (draft) fill(draft->payload, pattern(draft->payload_bytes, random_()));
  }

  void send_one() {
    const Bytes payload = pattern(some_size(channel_.client.geometry().payload_bytes), random_());
    const RequestKind kind = below(3) == 0 ? RequestKind::tell : RequestKind::call;
    const auto ticket = try_send(channel_.client, payload, kind);
    if (!ticket) {
      EXPECT_TRUE(outstanding_.size() >= kSmall.slots || has_unfinished() || has_large())
          << "no draft, though slots and room are free";
      return;
    }
    const auto [place, is_new] =
        outstanding_.emplace(key(*ticket), Entry{.ticket = *ticket, .kind = kind, .payload = payload, .reply = {}});
    EXPECT_TRUE(is_new) << "a ticket is in use twice";
    order_.push_back(place->first);
    EXPECT_LE(outstanding_.size(), kSmall.slots);
  }

  bool has_unfinished() const { return !order_.empty(); }
  // Whose extents are in use until their replies are read.
  bool has_large() const {
    return std::any_of(outstanding_.begin(), outstanding_.end(),
                       [](const auto& each) { return each.second.payload.size() > kSmall.max_ring_request(); });
  }

  void serve_one() {
    const auto request = channel_.host.next();
    ASSERT_EQ(request.has_value(), has_unfinished());
    if (!request) return;
    Entry& entry = outstanding_.at(order_.front());
    ASSERT_EQ(request->ticket, entry.ticket);
    ASSERT_EQ(request->kind, entry.kind);
    ASSERT_EQ(copy(channel_.host.payload(*request)), entry.payload);
    if (entry.stage == Stage::queued || entry.stage == Stage::cancelled) start(*request, entry);
    if (below(4) == 0) return;  // something else happens while it runs
    end(*request, entry);
  }

  void start(const typename Channel::Host::Request& request, Entry& entry) {
    ASSERT_EQ(channel_.host.start(request), entry.stage == Stage::cancelled ? Claim::cancelled : Claim::won);
    is_skipped_ = entry.stage == Stage::cancelled;
    entry.stage = Stage::started;
  }

  void end(const typename Channel::Host::Request& request, Entry& entry) {
    const bool has_run = !is_skipped_ && below(4) != 0;
    if (entry.kind == RequestKind::tell) {
      channel_.host.rearm(entry.ticket);
    } else {
      entry.reply_kind = has_run ? ReplyKind::value : ReplyKind::undecodable;
      entry.reply = pattern(some_size(channel_.host.geometry().payload_bytes), random_());
      if (below(8) == 0) channel_.host.draft_reply(some_size(channel_.host.geometry().payload_bytes));
      reply(channel_.host, entry.ticket, entry.reply, entry.reply_kind, has_run);
    }
    entry.stage = has_run ? Stage::ran : Stage::refused;
    channel_.host.finish(request);
    channel_.host.ring_client(entry.kind == RequestKind::call);
    const Key front = order_.front();
    order_.pop_front();
    entry.is_finished = true;
    if (entry.kind == RequestKind::tell) outstanding_.erase(front);
  }

  void receive_one() {
    const auto found = channel_.client.next_reply();
    ASSERT_EQ(found.has_value(), channel_.client.has_reply());
    if (!found) {
      EXPECT_TRUE(channel_.host.has_outbox() || waiting_for_reply() == 0) << "a reply is lost";
      return;
    }
    const auto entry = outstanding_.find(key(found->ticket));
    ASSERT_NE(entry, outstanding_.end());
    ASSERT_TRUE(entry->second.is_finished);
    ASSERT_EQ(found->kind, entry->second.reply_kind);
    ASSERT_EQ(copy(channel_.client.payload(*found)), entry->second.reply);
    channel_.client.finish(*found);
    outstanding_.erase(entry);
  }

  std::ptrdiff_t waiting_for_reply() const {
    return std::count_if(outstanding_.begin(), outstanding_.end(), [](const auto& each) { return each.second.is_finished; });
  }

  void cancel_one() {
    if (outstanding_.empty()) return;
    auto& [_, entry] = *std::next(outstanding_.begin(), below(static_cast<unsigned>(outstanding_.size())));
    expect_verdict(entry, channel_.client.withdraw(entry.ticket, SlotState::cancelled));
    if (entry.stage == Stage::queued) entry.stage = Stage::cancelled;
  }

  void expect_verdict(const Entry& entry, Execution execution) const {
    switch (entry.stage) {
      case Stage::queued:
      case Stage::cancelled:
        EXPECT_EQ(execution, Execution::not_started);
        break;
      case Stage::started:
        if (!(is_skipped_ && entry.ticket == outstanding_.at(order_.front()).ticket)) {
          EXPECT_EQ(execution, Execution::maybe);
        } else {
          EXPECT_EQ(execution, Execution::not_started);
        }
        break;
      case Stage::ran:
        EXPECT_EQ(execution, Execution::done);
        break;
      case Stage::refused:  // "done" as soon as its reply can be read, which says so
        EXPECT_TRUE(execution == Execution::done || channel_.host.has_outbox());
        break;
    }
  }

  void flush() {
    const bool has_outbox = channel_.host.has_outbox();
    const bool has_moved = channel_.host.flush_outbox();
    EXPECT_TRUE(has_outbox || !has_moved);
  }

  // Everything comes to its end, and then everything is free.
  void settle() {
    while ((has_unfinished() || waiting_for_reply() != 0) && !::testing::Test::HasFailure()) {
      serve_one();
      receive_one();
      flush();
    }
    EXPECT_TRUE(outstanding_.empty());
    EXPECT_FALSE(channel_.host.has_outbox());
    EXPECT_TRUE(channel_.client.draft(static_cast<std::uint32_t>(channel_.client.geometry().max_ring_request())));
  }

  void judge() {
    for (std::uint32_t i = 0; i < kSmall.slots; ++i) send_one();
    while (!order_.empty() && below(2) == 0) serve_one();
    receive_one();
    for (const auto& [_, entry] : outstanding_) expect_verdict(entry, channel_.client.withdraw(entry.ticket, SlotState::taken));
  }

  std::mt19937_64 random_;
  Channel channel_{kSmall};
  std::map<Key, Entry> outstanding_;  // by ticket: sent, and not over for the client
  std::deque<Key> order_;             // those that the host has not finished
  bool is_skipped_ = false;           // the one that the host has started last was cancelled
};

template <class Channel>
class RandomlyUsedChannel : public ::testing::Test {};

using Channels = ::testing::Types<SharedMemoryChannel, InProcessTwin>;
TYPED_TEST_SUITE(RandomlyUsedChannel, Channels);

TYPED_TEST(RandomlyUsedChannel, DoesWhatThePlainBookSays) {
  const std::uint64_t seed = chosen_seed();
  SCOPED_TRACE(fmt::format("TROUPE_TEST_SEED={}", seed));
  fmt::print("TROUPE_TEST_SEED={}\n", seed);
  RandomOperations<TypeParam>(seed).run(100'000);
}

}  // namespace
}  // namespace troupe::channel
