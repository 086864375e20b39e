// SPDX-License-Identifier: BSL-1.0
#include "channel_world.hpp"

#include <utility>

namespace troupe::model {

using channel::Claim;
using channel::Rest;
using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;
using wire::SlotState;

namespace {

End end_of(Execution execution) { return static_cast<End>(static_cast<int>(End::not_started) + static_cast<int>(execution)); }

}  // namespace

ChannelWorld::ChannelWorld(const Plan& chosen)
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

void ChannelWorld::name_words() {
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

// ---- the host

void ChannelWorld::fall() {
  set(life.location(), kFallen);
  wake(life.location());
}

void ChannelWorld::serve() {
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

void ChannelWorld::ring() {
  const Owed what = std::exchange(owed, Owed::nothing);
  if (what != Owed::nothing) wake_client(what == Owed::reply ? Bell::look(client_bell) : Bell::look_for_room(client_bell));
}

void ChannelWorld::ring_behind_update() {
  const Owed what = std::exchange(owed, Owed::nothing);
  if (what != Owed::nothing) wake_client(Bell::look_behind_update(client_bell, what == Owed::reply));
}

void ChannelWorld::wake_client(channel::Wake wake) {
  if (wake.futex) futex_wake(client_bell.state);
}

bool ChannelWorld::turn() {
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

void ChannelWorld::run(std::uint32_t number) {
  begun.at(number).set(begun.at(number).get() + 1);
  pause();
  ended.at(number).set(ended.at(number).get() + 1);
}

void ChannelWorld::reply(Content content, End end) {
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

std::uint64_t ChannelWorld::locals() const {
  std::uint64_t all = sent << 8 | requests_writer.released() << 4 | replies_reader.position();
  for (const Pending& each : pending)
    all = all << 13 | each.end << 9 | static_cast<unsigned>(each.is_used) << 8 | each.call << 4 | each.generation;
  return all;
}

void ChannelWorld::call() {
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

bool ChannelWorld::is_waited_for(const Pending& use) const { return use.is_used && !is_tell(use.call); }

bool ChannelWorld::has_pending() const { return is_waited_for(pending[0]) || is_waited_for(pending[1]); }

bool ChannelWorld::has_new_room() const {
  return sent < plan.calls && requests_read.load(memory_order_acquire) != requests_writer.released();
}

std::uint32_t ChannelWorld::free_slot() const {
  std::uint32_t slot = 0;
  while (slot < plan.slots && pending.at(slot).is_used) ++slot;
  return slot;
}

// Tells are over when the host has gone past them.
void ChannelWorld::refresh_room() {
  require(requests_writer.release_until(requests_read.load(memory_order_acquire)), "the host's position never lies");
  for (Pending& use : pending) {
    if (!use.is_used || !is_tell(use.call) || use.end > requests_writer.released()) continue;
    finish(use, End::value);
  }
}

bool ChannelWorld::send() {
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

void ChannelWorld::ring_host() {
  if (plan.sending == Sending::behind_release) send_lock.exchange(0);
  const auto wake = plan.sending == Sending::fenced ? Bell::look(host_bell) : Bell::look_behind_update(host_bell, true);
  if (wake.futex) futex_wake(host_bell.state);
}

void ChannelWorld::drain() {
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

void ChannelWorld::finish(Pending& use, End end) {
  require(ends.at(use.call).get() == End::none, "a call ends once");
  ends.at(use.call).set(end);
  use.is_used = false;
  ++use.generation;
}

void ChannelWorld::judge() {
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

void ChannelWorld::cancel(std::uint32_t number) {
  for (;;) {
    const std::uint32_t count = sent_in_all.load(memory_order_relaxed);
    if (count == kNoMore) return;
    if (count > number) break;
    await_change(sent_in_all);
  }
  cancelled.set(end_of(Slot::withdraw(slots[0], number, SlotState::cancelled)));
}

void ChannelWorld::check() {
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

}  // namespace troupe::model
