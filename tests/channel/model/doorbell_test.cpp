// SPDX-License-Identifier: BSL-1.0
// All interleavings of going to sleep and being woken: nobody sleeps while there is something for them.
#include "channel/doorbell.hpp"

#include <gtest/gtest.h>

#include <array>

#include "atomics.hpp"
#include "expect.hpp"

namespace troupe::model {
namespace {

using channel::Rest;
using channel::Wake;
using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;

using Bell = channel::DoorbellProtocol<Atomics>;

constexpr const char* kLostWakeUp = "nobody waits for ever";

// The protocol where one thread, by number, leaves out its fences.
template <std::size_t forgetful>
struct ForgetfulAtomics {
  template <class T>
  using Atomic = model::Atomic<T>;
  static void full_fence() {
    if (this_thread() != forgetful) fence();
  }
  static void full_fence_behind_update() {}
};
template <std::size_t forgetful>
using ForgetfulBell = channel::DoorbellProtocol<ForgetfulAtomics<forgetful>>;

// Up to two writers that send records, and a reader that takes them all.
template <class Protocol>
struct BellWorld : World {
  struct Plan {
    Rest rest = Rest::futex;
    std::array<std::uint32_t, 2> records = {3, 0};  // per writer
    bool clears_late = false;                       // the reader clears its event when it has looked already: wrong
  };

  explicit BellWorld(const Plan& chosen) : plan(chosen) {
    bell.state.named("doorbell");
    published[0].named("published");
    published[1].named("published by the other");
    thread("writer", [this] { write(0); });
    if (plan.records[1] != 0) thread("other", [this] { write(1); });
    if (plan.rest == Rest::futex) thread("reader", [this] { read_by_futex(); });
    if (plan.rest == Rest::event) thread("reader", [this] { read_by_event(); });
  }

  void write(std::size_t writer) {
    for (std::uint32_t record = 1; record <= plan.records.at(writer); ++record) {
      restate(record);
      published.at(writer).store(record, memory_order_release);
      const Wake wake = Protocol::look(bell);
      if (wake.futex) futex_wake(bell.state);
      if (wake.event) event.signal();
    }
  }

  bool has_news() const { return first_news() || second_news(); }
  bool first_news() const {
    return taken[0].get() != plan.records[0] && published[0].load(memory_order_acquire) != taken[0].get();
  }
  bool second_news() const {
    return taken[1].get() != plan.records[1] && published[1].load(memory_order_acquire) != taken[1].get();
  }
  void drain() {
    while (first_news()) taken[0].set(taken[0].get() + 1);
    while (second_news()) taken[1].set(taken[1].get() + 1);
  }
  bool has_all() const { return taken[0].get() == plan.records[0] && taken[1].get() == plan.records[1]; }

  void read_by_futex() {
    for (drain(); !has_all(); drain()) {
      restate(0);
      const std::uint32_t armed = Protocol::arm(bell, Rest::futex);
      if (!has_news()) futex_wait(bell.state, armed);
      Protocol::disarm(bell);
    }
  }

  void read_by_event() {
    for (drain(); !has_all(); drain()) {
      restate(0);
      Protocol::arm(bell, Rest::event);
      if (has_news()) continue;
      if (plan.clears_late) event.clear();
      event.wait();
      if (!plan.clears_late) event.clear();
    }
  }

  const Plan plan;
  typename Protocol::Words bell;
  Event event;
  std::array<Atomic<std::uint32_t>, 2> published;
  std::array<Ghost<std::uint32_t>, 2> taken;
};

using Plan = BellWorld<Bell>::Plan;

template <std::size_t forgetful>
Outcome explore_forgetful(Rest rest) {
  using Forgetful = BellWorld<ForgetfulBell<forgetful>>;
  return explore_all<Forgetful>({}, typename Forgetful::Plan{rest, {1, 0}});
}

TEST(DoorbellModel, ASleepingReaderIsWokenForEachRecord) {
  expect_kept(explore_all<BellWorld<Bell>>({}, Plan{Rest::futex, {3, 0}}));
  expect_kept(explore_all<BellWorld<Bell>>({.merges_rounds = false}, Plan{Rest::futex, {3, 0}}), "not merging rounds");
}
TEST(DoorbellModel, AReaderOnAnEventIsWokenForEachRecord) {
  expect_kept(explore_all<BellWorld<Bell>>({}, Plan{Rest::event, {3, 0}}));
  expect_kept(explore_all<BellWorld<Bell>>({.merges_rounds = false}, Plan{Rest::event, {3, 0}}), "not merging rounds");
}
TEST(DoorbellModel, TwoWritersWakeOneReader) { expect_kept(explore_all<BellWorld<Bell>>({}, Plan{Rest::futex, {2, 2}})); }
TEST(DoorbellModel, TwoWritersSignalOneReader) { expect_kept(explore_all<BellWorld<Bell>>({}, Plan{Rest::event, {2, 2}})); }
TEST(DoorbellModel, WakeUpsForNoReasonDoNoHarm) {
  expect_kept(explore_all<BellWorld<Bell>>({.spurious_wakes = 2}, Plan{Rest::futex, {2, 1}}));
}

TEST(DoorbellModel, WithoutTheReadersFenceAWakeUpIsLost) {
  expect_broken(explore_forgetful<1>(Rest::event), kLostWakeUp, "event");
  expect_broken(explore_forgetful<1>(Rest::futex), kLostWakeUp, "futex");
}
TEST(DoorbellModel, WithoutTheWritersFenceAWakeUpIsLost) {
  expect_broken(explore_forgetful<0>(Rest::event), kLostWakeUp, "event");
  expect_broken(explore_forgetful<0>(Rest::futex), kLostWakeUp, "futex");
}
TEST(DoorbellModel, AnEventThatIsClearedAfterTheLastLookLosesAWakeUp) {
  expect_broken(explore_all<BellWorld<Bell>>({}, Plan{Rest::event, {2, 0}, true}), kLostWakeUp);
}

// A host whose outbox waits for room, and that is sent a request, too; a client that reads replies.
template <class Protocol>
struct OutboxWorld : World {
  explicit OutboxWorld(bool gives_room_first) {
    bell.state.named("doorbell of the host");
    room.named("replies read");
    request.named("request");
    thread("client", [=, this] {
      if (gives_room_first) give_room();
      request.store(1, memory_order_release);
      if (Protocol::look(bell).futex) futex_wake(bell.state);
      if (!gives_room_first) give_room();
    });
    thread("host", [this] {
      for (bool has_flushed = false, has_served = false; !has_flushed || !has_served;) {
        restate((has_flushed ? 1 : 0) + (has_served ? 2 : 0));
        has_flushed = has_flushed || room.load(memory_order_relaxed) == 1;
        has_served = has_served || request.load(memory_order_acquire) == 1;
        const std::uint32_t armed = Protocol::arm(bell, Rest::futex, !has_flushed);
        const bool is_ready =
            (!has_served && request.load(memory_order_acquire) == 1) || (!has_flushed && room.load(memory_order_relaxed) == 1);
        if (!is_ready && (!has_flushed || !has_served)) futex_wait(bell.state, armed);
        Protocol::disarm(bell);
      }
    });
  }

  void give_room() {
    room.store(1, memory_order_release);
    if (Protocol::look_for_room(bell).futex) futex_wake(bell.state);
  }

  typename Protocol::Words bell;
  Atomic<std::uint32_t> room, request;
};

TEST(DoorbellModel, AHostThatWantsRoomIsWokenForRoomAndForRequests) {
  for (const bool gives_room_first : {true, false}) {
    expect_kept(explore_all<OutboxWorld<Bell>>({.spurious_wakes = 1}, gives_room_first),
                gives_room_first ? "room first" : "request first");
  }
}

TEST(DoorbellModel, WithoutFencesAHostThatWantsRoomSleepsForEver) {
  expect_broken(explore_all<OutboxWorld<ForgetfulBell<0>>>({}, false), kLostWakeUp, "the client's");
  expect_broken(explore_all<OutboxWorld<ForgetfulBell<1>>>({}, false), kLostWakeUp, "the host's");
}

// A thread that wants room beside the one that reads and sleeps. The host makes room, and replies only when that thread
// has sent something: so the reader sleeps as long as the other does not get on.
struct AskingWorld : World {
  struct Plan {
    bool asks = true;                // the sender sets kWantsRoom itself
    bool reader_looks_again = true;  // the reader looks, after arming, whether somebody wants room by now
  };

  explicit AskingWorld(const Plan& chosen) : plan(chosen) {
    bell.state.named("doorbell of the client");
    room.named("requests read");
    reply.named("reply");
    wanting.named("threads that want room");
    epoch.named("room epoch");
    thread("host", [this] {
      room.store(1, memory_order_release);
      if (Bell::look_for_room(bell).futex) futex_wake(bell.state);
      await_other_than(sent.location(), 0);
      reply.store(1, memory_order_release);
      if (Bell::look(bell).futex) futex_wake(bell.state);
    });
    thread("sender", [this] { wait_for_room(); });
    thread("reader", [this] { read(); });
  }

  bool has_room() const { return room.load(memory_order_acquire) == 1; }

  void wait_for_room() {
    wanting.fetch_add(1);
    for (;;) {
      restate(0);
      const std::uint32_t before = epoch.load();
      if (has_room()) break;
      if (plan.asks) Bell::ask_for_room(bell);
      if (has_room()) break;
      futex_wait(epoch, before);
    }
    wanting.fetch_sub(1);
    sent.store(1);
  }

  void read() {
    bool has_noted = false;
    const auto note_room = [&] {
      if (has_noted || wanting.load() == 0 || !has_room()) return false;
      has_noted = true;
      epoch.fetch_add(1);
      futex_wake(epoch);
      return true;
    };
    while (reply.load(memory_order_acquire) == 0) {
      restate(has_noted ? 1 : 0);
      const bool wants_room = wanting.load() != 0;
      const std::uint32_t armed = Bell::arm(bell, Rest::futex, wants_room);
      const bool is_late = plan.reader_looks_again && !wants_room && wanting.load() != 0;
      if (!note_room() && !is_late && reply.load(memory_order_acquire) == 0) futex_wait(bell.state, armed);
      Bell::disarm(bell);
    }
  }

  const Plan plan;
  Bell::Words bell;
  Atomic<std::uint32_t> room, reply, sent;
  Atomic<std::uint32_t> wanting, epoch;
};

TEST(DoorbellModel, ASenderBesideASleepingReaderIsWokenForRoom) {
  expect_kept(explore_all<AskingWorld>({.spurious_wakes = 1}, AskingWorld::Plan{}));
}
TEST(DoorbellModel, ASenderThatDoesNotAskWaitsAsLongAsTheReaderSleeps) {
  expect_broken(explore_all<AskingWorld>({}, AskingWorld::Plan{.asks = false}), kLostWakeUp);
}
TEST(DoorbellModel, AReaderThatArmsOverAWishForRoomHasToLookForItAgain) {
  expect_broken(explore_all<AskingWorld>({}, AskingWorld::Plan{.reader_looks_again = false}), kLostWakeUp);
}

}  // namespace
}  // namespace troupe::model
