// SPDX-License-Identifier: BSL-1.0
// A whole small channel: two rings, slots, two doorbells and the host's life word; the host dies at any step, or is taken
// for dead and goes on. Each call ends, and ends as it is told.
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <utility>

#include "atomics.hpp"
#include "cells.hpp"
#include "channel/doorbell.hpp"
#include "channel/ring.hpp"
#include "channel/slot.hpp"
#include "expect.hpp"

namespace troupe::model {
namespace {

using channel::Claim;
using channel::Rest;
using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;
using wire::SlotState;

using Bell = channel::DoorbellProtocol<Atomics>;
using Slot = channel::SlotProtocol<Atomics>;

constexpr std::uint32_t kMaxCalls = 4;
constexpr std::uint32_t kMaxSlots = 2;
constexpr std::uint32_t kAlive = 0, kFallen = 1;
constexpr std::uint32_t kNoMore = 99;

// How a call ended, as the client was told.
enum class End : std::uint8_t { none, value, refusal, not_started, maybe, done };
End end_of(Execution execution) { return static_cast<End>(static_cast<int>(End::not_started) + static_cast<int>(execution)); }

// When the host rings the client for a turn.
enum class Ringing : std::uint8_t {
  after_turn,    // at its end
  behind_start,  // behind the compare-and-swap that wins the next, if there is one already
  unfenced,      // as if behind one, where there is none: a fault
};
// What lies between the client's publishing and its look at the host's doorbell.
enum class Sending : std::uint8_t {
  fenced,          // a fence
  behind_release,  // the release of its producer lock, an atomic update
  unfenced,        // nothing: a fault
};
enum class Owed : std::uint8_t { nothing, room, reply };

// What a record says: a request which use of which slot it is and which call; a reply also how the call ended.
struct Content {
  std::uint32_t call = 0;
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  End end = End::none;

  std::uint64_t pack() const { return 1 << 16 | call << 12 | slot << 8 | generation << 4 | static_cast<std::uint32_t>(end); }
  static Content unpack(std::uint64_t word) {
    const auto part = [&](unsigned shift) { return static_cast<std::uint32_t>(word >> shift & 0xf); };
    return {part(12), part(8), part(4), static_cast<End>(part(0))};
  }
};

struct ChannelWorld : World {
  struct Plan {
    std::uint32_t calls = 2;
    std::uint32_t slots = 1;
    std::uint32_t cells = 2;    // of the request ring
    std::uint32_t refused = 0;  // bit n: the host refuses call n (expired, undecodable)
    std::uint32_t tells = 0;    // bit n: call n is a tell; nothing replies to it
    Ringing ringing = Ringing::after_turn;
    Sending sending = Sending::fenced;
    bool can_die = true;  // the host, at any step
    bool can_be_mistaken_for_dead = false;
    std::optional<std::uint32_t> cancelled = {};  // another thread of the client tries to, when it was sent; one slot only
    // Faults put in on purpose:
    bool watches_life = true;  // the client sleeps on the life word, too
    bool judge_drains_twice = true;
    bool rearms_before_reply = true;
    bool asks_for_room = true;
  };

  explicit ChannelWorld(const Plan& chosen)
      : plan(chosen),
        requests_writer({requests.data(), plan.cells}),
        requests_reader({requests.data(), plan.cells}),
        replies_writer({replies.data(), kMaxSlots}),
        replies_reader({replies.data(), kMaxSlots}) {
    name_words();
    if (plan.can_die) {
      mortal_thread(
          "host", [this] { serve(); }, [this] { fall(); });
    } else {
      thread("host", [this] { serve(); });
    }
    thread("client", [this] { call(); });
    if (plan.can_be_mistaken_for_dead) {
      thread("watcher", [this] {
        life.exchange(kFallen);
        futex_wake(life);
      });
    }
    if (plan.cancelled) thread("canceller", [this] { cancel(*plan.cancelled); });
  }

  void name_words() {
    for (auto& cell : requests) {
      cell.commit.named("request's commit word");
      cell.content.named("request");
    }
    for (auto& cell : replies) {
      cell.commit.named("reply's commit word");
      cell.content.named("reply");
    }
    for (auto& slot : slots) slot.named("slot");
    host_bell.state.named("host's doorbell");
    client_bell.state.named("client's doorbell");
    life.named("life word");
    killed.named("kill");
    requests_read.named("requests read");
    replies_read.named("replies read");
  }

  bool is_tell(std::uint32_t number) const { return (plan.tells >> number & 1) != 0; }

  // ---- the host

  void fall() {
    set(life.location(), kFallen);
    wake(life.location());
  }

  void serve() {
    for (std::uint32_t served = 0; served < plan.calls;) {
      restate(served << 8 | replies_writer.released() << 4 | static_cast<unsigned>(owed));
      if (requests_reader.peek()) {
        if (!turn()) return;
        ++served;
        continue;
      }
      ring();
      const std::uint32_t armed = Bell::arm(host_bell, Rest::futex);
      if (!requests_reader.peek()) futex_wait_any({{&host_bell.state, armed}, {&killed, 0}});
      Bell::disarm(host_bell);
      if (killed.load() != 0) return;
    }
    ring();
  }

  void ring() {
    const Owed what = std::exchange(owed, Owed::nothing);
    if (what != Owed::nothing) wake_client(what == Owed::reply ? Bell::look(client_bell) : Bell::look_for_room(client_bell));
  }
  void ring_behind_update() {
    const Owed what = std::exchange(owed, Owed::nothing);
    if (what != Owed::nothing) wake_client(Bell::look_behind_update(client_bell, what == Owed::reply));
  }
  void wake_client(channel::Wake wake) {
    if (wake.futex) futex_wake(client_bell.state);
  }

  bool turn() {
    const Content request = Content::unpack(requests.at(cell_of(requests_reader)).content.load(memory_order_relaxed));
    require(request.call == turns.get(), "calls take their turns in the order in which they were sent");
    turns.set(turns.get() + 1);
    auto& word = slots.at(request.slot);
    const Claim claim = Slot::start(word, request.generation);
    ring_behind_update();
    require(claim != Claim::broken, "an honest word is not broken");
    if (claim == Claim::fenced) return false;
    if (claim == Claim::won && (plan.refused >> request.call & 1) == 0) {
      run(request.call);
      if (plan.rearms_before_reply) Slot::rearm_after_run(word, request.generation);
      if (!is_tell(request.call)) reply(request, End::value);
      if (!plan.rearms_before_reply) Slot::rearm_after_run(word, request.generation);
    } else {
      reply(request, End::refusal);
      Slot::rearm_unrun(word, request.generation);
    }
    requests_reader.advance(1);
    requests_read.store(requests_reader.position(), memory_order_release);
    owed = is_tell(request.call) ? Owed::room : Owed::reply;
    if (plan.ringing == Ringing::after_turn) ring();
    if (plan.ringing == Ringing::unfenced) ring_behind_update();
    return true;
  }

  void run(std::uint32_t number) {
    begun.at(number).set(begun.at(number).get() + 1);
    pause();
    ended.at(number).set(ended.at(number).get() + 1);
  }

  void reply(Content content, End end) {
    content.end = end;
    auto place = replies_writer.find(1);
    if (!place) {
      require(replies_writer.release_until(replies_read.load(memory_order_acquire)), "the client's position never lies");
      place = replies_writer.find(1);
      require(place.has_value(), "a small reply always has room");
    }
    replies.at(place->cell).content.store(content.pack(), memory_order_relaxed);
    replies_writer.publish(*place, 0);
  }

  // ---- the client

  struct Pending {
    bool is_used = false;
    std::uint32_t call = 0;
    std::uint32_t generation = 0;
    std::uint64_t end = 0;  // of a tell's record
  };

  std::uint64_t locals() const {
    std::uint64_t all = sent << 8 | requests_writer.released() << 4 | replies_reader.position();
    for (const Pending& each : pending)
      all = all << 13 | each.end << 9 | static_cast<unsigned>(each.is_used) << 8 | each.call << 4 | each.generation;
    return all;
  }

  void call() {
    for (;;) {
      restate(locals());
      drain();
      if (sent == plan.calls && !has_pending()) return;
      if (send()) continue;
      if (plan.watches_life && life.load(memory_order_acquire) == kFallen) return judge();
      const std::uint32_t armed = Bell::arm(client_bell, Rest::futex, plan.asks_for_room && sent < plan.calls);
      if (!replies_reader.peek() && !has_new_room()) {
        if (plan.watches_life) {
          futex_wait_any({{&client_bell.state, armed}, {&life, kAlive}});
        } else {
          futex_wait(client_bell.state, armed);
        }
      }
      Bell::disarm(client_bell);
    }
  }

  bool is_waited_for(const Pending& use) const { return use.is_used && !is_tell(use.call); }
  bool has_pending() const { return is_waited_for(pending[0]) || is_waited_for(pending[1]); }
  bool has_new_room() const {
    return sent < plan.calls && requests_read.load(memory_order_acquire) != requests_writer.released();
  }

  std::uint32_t free_slot() const {
    std::uint32_t slot = 0;
    while (slot < plan.slots && pending.at(slot).is_used) ++slot;
    return slot;
  }

  // Tells are over when the host has gone past them.
  void refresh_room() {
    require(requests_writer.release_until(requests_read.load(memory_order_acquire)), "the host's position never lies");
    for (Pending& use : pending) {
      if (!use.is_used || !is_tell(use.call) || use.end > requests_writer.released()) continue;
      finish(use, End::value);
    }
  }

  bool send() {
    if (sent == plan.calls) return false;
    if (free_slot() == plan.slots) refresh_room();
    const std::uint32_t slot = free_slot();
    if (slot == plan.slots) return false;
    auto place = requests_writer.find(1);
    if (!place) {
      refresh_room();
      place = requests_writer.find(1);
      if (!place) return false;
    }
    Pending& use = pending.at(slot);
    use.is_used = true;
    use.call = sent++;
    requests.at(place->cell).content.store(Content{use.call, slot, use.generation, End::none}.pack(), memory_order_relaxed);
    requests_writer.publish(*place, 0);
    use.end = requests_writer.position();
    sent_in_all.store(sent, memory_order_relaxed);
    ring_host();
    return true;
  }

  void ring_host() {
    if (plan.sending == Sending::behind_release) send_lock.exchange(0);
    const auto wake = plan.sending == Sending::fenced ? Bell::look(host_bell) : Bell::look_behind_update(host_bell, true);
    if (wake.futex) futex_wake(host_bell.state);
  }

  void drain() {
    while (replies_reader.peek()) {
      const Content content = Content::unpack(replies.at(cell_of(replies_reader)).content.load(memory_order_relaxed));
      Pending& use = pending.at(content.slot);
      require(use.is_used && use.call == content.call && use.generation == content.generation,
              "a reply names a call that waits for it");
      finish(use, content.end);
      replies_reader.advance(1);
      replies_read.store(replies_reader.position(), memory_order_release);
    }
  }

  void finish(Pending& use, End end) {
    require(ends.at(use.call).get() == End::none, "a call ends once");
    ends.at(use.call).set(end);
    use.is_used = false;
    ++use.generation;
  }

  void judge() {
    drain();
    std::array<End, kMaxSlots> verdicts{};
    for (std::uint32_t slot = 0; slot < plan.slots; ++slot) {
      const Pending& use = pending.at(slot);
      if (use.is_used) verdicts.at(slot) = end_of(Slot::withdraw(slots.at(slot), use.generation, SlotState::taken));
    }
    if (plan.judge_drains_twice) drain();
    for (std::uint32_t slot = 0; slot < plan.slots; ++slot) {
      if (pending.at(slot).is_used) finish(pending.at(slot), verdicts.at(slot));
    }
    sent_in_all.store(kNoMore, memory_order_relaxed);
    killed.exchange(1);
    futex_wake(killed);
  }

  void cancel(std::uint32_t number) {
    for (;;) {
      const std::uint32_t count = sent_in_all.load(memory_order_relaxed);
      if (count == kNoMore) return;
      if (count > number) break;
      await_change(sent_in_all);
    }
    cancelled.set(end_of(Slot::withdraw(slots[0], number, SlotState::cancelled)));
  }

  void check() override {
    for (std::uint32_t number = 0; number < plan.calls; ++number) {
      const End end = ends.at(number).get();
      const int runs = begun.at(number).get();
      const bool has_run = ended.at(number).get() == 1;
      require(runs <= 1, "a call runs at most once");
      require(end != End::value || has_run, "a call that gave a result has run to its end");
      require(end != End::refusal || runs == 0, "a call that was refused never runs");
      require(end != End::not_started || runs == 0, "a call that was judged not started never runs");
      require(end != End::done || has_run, "a call that was judged done has run to its end");
      require(end != End::none || is_tell(number) || number >= sent, "each call that was sent ends");
    }
    require(cancelled.get() != End::not_started || begun.at(*plan.cancelled).get() == 0, "a call that was cancelled never runs");
  }

  const Plan plan;
  std::array<BasicCell<Atomic<std::uint64_t>>, 3> requests;
  std::array<BasicCell<Atomic<std::uint64_t>>, kMaxSlots> replies;
  std::array<Atomic<std::uint64_t>, kMaxSlots> slots;
  Atomic<std::uint64_t> requests_read, replies_read;
  Bell::Words host_bell, client_bell;
  Atomic<std::uint32_t> send_lock{1};
  Atomic<std::uint32_t> life, killed;
  Atomic<std::uint32_t> sent_in_all;  // or kNoMore

  // The ends' own; see locals().
  channel::RingWriter<Cells> requests_writer;
  channel::RingReader<Cells> requests_reader;
  channel::RingWriter<Cells> replies_writer;
  channel::RingReader<Cells> replies_reader;
  std::array<Pending, kMaxSlots> pending{};
  std::uint32_t sent = 0;
  Owed owed = Owed::nothing;

  std::array<Ghost<int>, kMaxCalls> begun, ended;
  std::array<Ghost<End>, kMaxCalls> ends;
  Ghost<End> cancelled;
  Ghost<std::uint32_t> turns;
};

using Plan = ChannelWorld::Plan;

Outcome explore_channel(const Plan& plan, const Limits& limits = {}) { return explore_all<ChannelWorld>(limits, plan); }

TEST(ChannelModel, CallsOneAfterTheOtherAllEndWhenTheHostDiesAtAnyStep) {
  expect_kept(explore_channel({.calls = 3, .slots = 1}));
  expect_kept(explore_channel({.calls = 1, .slots = 1}, {.merges_rounds = false}), "one call, not merging rounds");
}
TEST(ChannelModel, CallsSideBySideAllEndWhenTheHostDiesAtAnyStep) { expect_kept(explore_channel({.calls = 2, .slots = 2})); }
TEST(ChannelModel, CallsThatFillTheRingAllEndWhenTheHostDiesAtAnyStep) {
  expect_kept(explore_channel({.calls = 3, .slots = 2, .cells = 2}));
}
TEST(ChannelModel, RefusedCallsAreNeverCalledDoneWhenTheHostDiesAtAnyStep) {
  for (const std::uint32_t refused : {0b001u, 0b010u, 0b111u}) {
    expect_kept(explore_channel({.calls = 3, .slots = 1, .refused = refused}), std::to_string(refused));
  }
}
TEST(ChannelModel, AHostThatIsTakenForDeadAndGoesOnDoesNotRunWhatWasJudged) {
  for (const std::uint32_t refused : {0b00u, 0b01u, 0b11u}) {
    expect_kept(explore_channel({.calls = 2, .slots = 2, .refused = refused, .can_die = false, .can_be_mistaken_for_dead = true}),
                std::to_string(refused));
  }
}
TEST(ChannelModel, ACallMayBeCancelledWhileTheHostDies) {
  for (const std::uint32_t number : {0u, 1u}) {
    for (const std::uint32_t refused : {0b00u, 0b01u, 0b10u}) {
      expect_kept(explore_channel({.calls = 2, .slots = 1, .refused = refused, .cancelled = number}),
                  fmt::format("{} {}", number, refused));
    }
  }
}
TEST(ChannelModel, TellsFreeTheirSlotsAndAreJudgedWhenTheHostDiesAtAnyStep) {
  for (const std::uint32_t tells : {0b001u, 0b011u, 0b101u}) {
    expect_kept(explore_channel({.calls = 3, .slots = 1, .tells = tells}), std::to_string(tells));
    expect_kept(explore_channel({.calls = 4, .slots = 2, .cells = 2, .tells = tells}), std::to_string(tells) + " two slots");
  }
}

TEST(ChannelModel, ARingBehindTheNextStartIsAsGoodAsOneAfterTheTurn) {
  for (const std::uint32_t tells : {0b000u, 0b001u, 0b010u, 0b101u}) {
    expect_kept(explore_channel({.calls = 3, .slots = 2, .cells = 2, .tells = tells, .ringing = Ringing::behind_start}),
                std::to_string(tells));
  }
}

TEST(ChannelModel, ARingWithoutAFenceWhereThereIsNoStartLosesAWakeUp) {
  expect_broken(explore_channel({.calls = 1, .ringing = Ringing::unfenced, .can_die = false}), "nobody waits for ever");
}
TEST(ChannelModel, TheReleaseOfTheProducerLockIsAsGoodAsAFence) {
  expect_kept(explore_channel({.calls = 3, .slots = 2, .cells = 2, .sending = Sending::behind_release}), "");
}

TEST(ChannelModel, ASenderWithoutAFenceLosesAWakeUp) {
  expect_broken(explore_channel({.calls = 1, .sending = Sending::unfenced, .can_die = false}), "nobody waits for ever");
}

TEST(ChannelModel, AClientThatDoesNotWatchTheLifeWordWaitsForEver) {
  expect_broken(explore_channel({.calls = 1, .watches_life = false}), "nobody waits for ever");
}
TEST(ChannelModel, AHostThatRearmsAfterTheReplyRevivesACancelledCall) {
  expect_broken(explore_channel({.calls = 2, .can_die = false, .cancelled = 1, .rearms_before_reply = false}),
                "a call that was cancelled never runs");
}
TEST(ChannelModel, AJudgeThatDoesNotLookAgainTakesARefusalForDone) {
  expect_broken(explore_channel(
                    {.calls = 1, .refused = 1, .can_die = false, .can_be_mistaken_for_dead = true, .judge_drains_twice = false}),
                "a call that was judged done has run to its end");
}
TEST(ChannelModel, AClientThatDoesNotAskForRoomWaitsForEverBehindATell) {
  expect_broken(explore_channel({.calls = 2, .slots = 1, .tells = 1, .can_die = false, .asks_for_room = false}),
                "nobody waits for ever");
}

}  // namespace
}  // namespace troupe::model
