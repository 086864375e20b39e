// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "atomics.hpp"
#include "cells.hpp"
#include "channel/doorbell.hpp"
#include "channel/ring.hpp"
#include "channel/slot.hpp"
#include "explorer.hpp"

namespace troupe::model {

constexpr std::uint32_t kMaxCalls = 4;
constexpr std::uint32_t kMaxSlots = 2;
constexpr std::uint32_t kAlive = 0, kFallen = 1;
constexpr std::uint32_t kNoMore = 99;

// How a call ended, as the client was told.
enum class End : std::uint8_t { none, value, refusal, not_started, maybe, done };

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

// A whole small channel: two rings, slots, two doorbells and the host's life word; the host dies at any step, or is taken
// for dead and goes on. Each call ends, and ends as it is told.
struct ChannelWorld : World {
  using Bell = channel::DoorbellProtocol<Atomics>;
  using Slot = channel::SlotProtocol<Atomics>;

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

  explicit ChannelWorld(const Plan& chosen);

  void name_words();
  bool is_tell(std::uint32_t number) const { return (plan.tells >> number & 1) != 0; }
  void check() override;

  // ---- the host

  void fall();
  void serve();
  void ring();
  void ring_behind_update();
  void wake_client(channel::Wake wake);
  bool turn();
  void run(std::uint32_t number);
  void reply(Content content, End end);

  // ---- the client

  struct Pending {
    bool is_used = false;
    std::uint32_t call = 0;
    std::uint32_t generation = 0;
    std::uint64_t end = 0;  // of a tell's record
  };

  std::uint64_t locals() const;
  void call();
  bool is_waited_for(const Pending& use) const;
  bool has_pending() const;
  bool has_new_room() const;
  std::uint32_t free_slot() const;
  void refresh_room();
  bool send();
  void ring_host();
  void drain();
  void finish(Pending& use, End end);
  void judge();
  void cancel(std::uint32_t number);

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

inline Outcome explore_channel(const ChannelWorld::Plan& plan, const Limits& limits = {}) {
  return explore_all<ChannelWorld>(limits, plan);
}

}  // namespace troupe::model
