// SPDX-License-Identifier: BSL-1.0
// A host process that is killed at any moment: what its client is told of each call is what happened.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <random>
#include <thread>

#include "platform/process.hpp"
#include "platform/processor.hpp"
#include "tests/channel/conformance/channels.hpp"
#include "tests/channel/conformance/talk.hpp"

namespace troupe::channel {
namespace {

using wire::ReplyKind;

constexpr std::uint32_t kMaxCalls = 4096;

// What the host notes of each call, where it outlives the host.
struct Book {
  struct Line {
    std::atomic<std::uint8_t> begun{0}, ended{0};
  };
  std::array<Line, kMaxCalls> lines;
};

enum class End : std::uint8_t { none, value, refusal, not_started, maybe, done };
End end_of(Execution execution) { return static_cast<End>(static_cast<int>(End::not_started) + static_cast<int>(execution)); }

std::uint32_t number_in(std::span<const std::byte> payload) {
  std::uint32_t number = 0;
  std::memcpy(&number, payload.data(), sizeof number);
  return number;
}

// A channel whose host is another process, and what its client was told.
class DyingHost {
 public:
  // Sends calls, and kills the host while it works on the last of them.
  void run(unsigned seed) {
    std::mt19937 random(seed);
    start_host();
    for (auto count = random() % 100 + 8; count > 0; --count) send_next();
    await_begin_of(sent_ - 2 - static_cast<std::uint32_t>(random() % 3));
    for (auto steps = random() % 2000; steps > 0; --steps) platform::spin_pause();
    kill_host();
    judge();
    for (std::uint32_t number = 0; number < sent_; ++number) expect_exact(number);
  }

 private:
  // Every seventh call is refused, every other one has a large result, every third takes some time.
  void serve_for_ever() {
    for (;;) {
      if (channel_.host.has_outbox() && channel_.host.flush_outbox()) channel_.host.ring_client(true);
      const auto request = channel_.host.next();
      if (!request) {
        SharedMemoryChannel::wait(channel_.host);
        continue;
      }
      const std::uint32_t number = number_in(request->in_ring);
      if (channel_.host.start(*request) != Claim::won) ::_exit(1);
      if (number % 7 == 0) {
        reply(channel_.host, request->ticket, pattern(number % 2 == 0 ? 1500 : 4), ReplyKind::undecodable, false);
      } else {
        ++book().lines.at(number).begun;
        for (int steps = number % 3 == 0 ? 10'000 : 0; steps > 0; --steps) platform::spin_pause();
        const Bytes result = pattern(number % 2 == 0 ? 1500 : 4, number);
        ++book().lines.at(number).ended;
        reply(channel_.host, request->ticket, result);
      }
      channel_.host.finish(*request);
      channel_.host.ring_client(true);
    }
  }

  void start_host() {
    const int pid = ::fork();
    if (pid == 0) serve_for_ever();
    process_ = platform::Process::open(pid);
  }

  bool drain() {
    bool has_received = false;
    for (; const auto reply = channel_.client.next_reply(); has_received = true) {
      const std::uint32_t number = pending_.at(reply->ticket.slot).value();
      pending_.at(reply->ticket.slot).reset();
      EXPECT_EQ(ends_.at(number), End::none);
      ends_.at(number) = reply->kind == ReplyKind::value ? End::value : End::refusal;
      channel_.client.finish(*reply);
    }
    if (has_received) channel_.client.settle();
    return has_received;
  }

  void send_next() {
    for (;;) {
      const std::uint64_t progress = channel_.client.host_progress();
      if (try_send_next()) return;
      if (!drain()) SharedMemoryChannel::wait(channel_.client, progress);
    }
  }

  bool try_send_next() {
    const auto draft = channel_.client.draft(40);
    if (!draft) return false;
    std::memcpy(draft->payload, &sent_, sizeof sent_);
    pending_.at(draft->ticket.slot) = sent_++;
    tickets_.at(draft->ticket.slot) = draft->ticket;
    channel_.client.publish(*draft, wire::RequestKind::call, kMethod, wire::kNoDeadline);
    channel_.client.ring_host();
    return true;
  }

  // Blocks: until the host has begun with the call, or with one behind it.
  void await_begin_of(std::uint32_t number) {
    const auto has_begun = [](const Book::Line& line) { return line.begun != 0; };
    while (std::none_of(&book().lines.at(number), book().lines.data() + sent_, has_begun)) std::this_thread::yield();
  }

  void kill_host() {
    process_.kill();
    process_.wait_ended();
    (void)process_.reap();
  }

  void judge() {
    drain();
    for (std::size_t slot = 0; slot < pending_.size(); ++slot) {
      if (pending_.at(slot))
        ends_.at(*pending_.at(slot)) = end_of(channel_.client.withdraw(tickets_.at(slot), wire::SlotState::taken));
    }
  }

  void expect_exact(std::uint32_t number) {
    const int begun = book().lines.at(number).begun, ended = book().lines.at(number).ended;
    EXPECT_LE(begun, 1);
    switch (ends_.at(number)) {
      case End::none:
        ADD_FAILURE() << "call " << number << " has no end";
        break;
      case End::value:
      case End::done:
        EXPECT_EQ(ended, 1) << number;
        break;
      case End::refusal:
      case End::not_started:
        EXPECT_EQ(begun, 0) << number;
        break;
      case End::maybe:
        break;
    }
  }

  Book& book() { return *reinterpret_cast<Book*>(book_bytes_.data()); }

  SharedMemoryChannel channel_{kSmall};
  platform::SharedMemory book_memory_ = platform::SharedMemory::create("what the host did", sizeof(Book));
  platform::Mapping book_bytes_{book_memory_, platform::Access::read_write};
  platform::Process process_;
  std::uint32_t sent_ = 0;
  std::array<std::optional<std::uint32_t>, kSmall.slots> pending_;
  std::array<Ticket, kSmall.slots> tickets_{};
  std::vector<End> ends_ = std::vector<End>(kMaxCalls, End::none);
};

TEST(HostKilledAtAnyMoment, LeavesAnExactVerdictOnEachCall) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    DyingHost().run(seed);
  }
}

TEST(DeadHost, IsJudgedByTheOneWayMessagesThatItHadNotStarted) {
  SharedMemoryChannel channel;
  for (int i = 0; i < 4; ++i) {
    const auto draft = channel.client.draft(0);
    ASSERT_TRUE(draft);
    channel.client.publish(*draft, wire::RequestKind::tell, kMethod, wire::kNoDeadline);
  }
  const auto done = channel.host.next();
  ASSERT_EQ(channel.host.start(*done), Claim::won);
  channel.host.rearm(done->ticket);
  channel.host.finish(*done);
  ASSERT_EQ(channel.host.start(*channel.host.next()), Claim::won);  // it dies in this one

  const auto left = channel.client.judge(ClientEnd::Which::tells);
  ASSERT_EQ(left.size(), 3u);
  EXPECT_EQ(left[0].execution, Execution::maybe);
  EXPECT_EQ(left[1].execution, Execution::not_started);
  EXPECT_EQ(left[2].execution, Execution::not_started);
}

}  // namespace
}  // namespace troupe::channel
