// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/death.hpp>

#include <cstdint>

#include "channel/atomics.hpp"
#include "wire/envelope.hpp"

// The slot protocol: who may run a call is decided by compare-and-swaps on one word, never by a read. The word holds
// {generation, state}; generation g is the g-th use of the slot, and a free slot stands armed as {g, queued} for its next
// use, so that sending costs the client no write here.
//
//   host:   {g, queued} -CAS-> {g, started}   wins the call (before it decodes an argument)
//           {g, started} ----> {g+1, queued}  it has run; BEFORE the reply is published: a host that dies between the two
//                                             leaves "done", and the client reuses the slot only after the reply
//           {g, started|cancelled} -CAS-> {g+1, queued}  it has not run (expired, cancelled, undecodable); AFTER the reply
//   client: {g, queued} -CAS-> {g, cancelled}  cancels
//           {g, queued} -CAS-> {g, taken}      judges a dead host: it will never run
namespace troupe::channel {

struct SlotWord {
  std::uint32_t generation = 0;
  wire::SlotState state = wire::SlotState::queued;

  static constexpr SlotWord unpack(std::uint64_t word) {
    return {static_cast<std::uint32_t>(word >> 32), static_cast<wire::SlotState>(static_cast<std::uint32_t>(word))};
  }
  constexpr std::uint64_t pack() const {
    return static_cast<std::uint64_t>(generation) << 32 | static_cast<std::uint32_t>(state);
  }
};

enum class Claim {
  won,        // run it
  cancelled,  // skip it
  fenced,     // the client has judged this host dead: stop serving it
  broken,     // the word says what no honest client writes
};

template <class Atomics = RealAtomics>
struct SlotProtocol {
  using Word = typename Atomics::template Atomic<std::uint64_t>;
  using State = wire::SlotState;

  static Claim start(Word& word, std::uint32_t generation) {
    std::uint64_t seen = SlotWord{generation, State::queued}.pack();
    // acq_rel: what ran before in this slot is ordered before; a judge that fails sees that it had started.
    if (word.compare_exchange_strong(seen, SlotWord{generation, State::started}.pack(), std::memory_order_acq_rel))
      return Claim::won;
    const SlotWord found = SlotWord::unpack(seen);
    if (found.generation != generation) return Claim::broken;
    if (found.state == State::cancelled) return Claim::cancelled;
    return found.state == State::taken ? Claim::fenced : Claim::broken;
  }

  // After running, before the reply is published. Only by the host that has started this use.
  static void rearm_after_run(Word& word, std::uint32_t generation) {
    word.store(SlotWord{generation + 1, State::queued}.pack(), std::memory_order_release);
  }

  // Without having run, after the reply was published: the client may be using the slot again already, so only this
  // use's own word is moved.
  static void rearm_unrun(Word& word, std::uint32_t generation) {
    std::uint64_t seen = word.load(std::memory_order_acquire);
    while (SlotWord::unpack(seen).generation == generation && SlotWord::unpack(seen).state != State::taken) {
      if (word.compare_exchange_weak(seen, SlotWord{generation + 1, State::queued}.pack(), std::memory_order_acq_rel)) return;
    }
  }

  // For the client: whether the host has won it and not ended it.
  static bool is_started(const Word& word, std::uint32_t generation) {
    return word.load(std::memory_order_acquire) == SlotWord{generation, State::started}.pack();
  }

  // For the client: whether the host is done with it: if it has run, before its reply can be read.
  static bool has_ended(const Word& word, std::uint32_t generation) {
    const SlotWord found = SlotWord::unpack(word.load(std::memory_order_acquire));
    return found.generation != generation && found.generation + 1 != generation;  // one behind: see withdraw
  }

  // Both for the client: win the call from the host (`outcome` cancelled or taken), or learn how far the host got.
  static Execution withdraw(Word& word, std::uint32_t generation, State outcome) {
    std::uint64_t seen = word.load(std::memory_order_acquire);
    for (;;) {
      const SlotWord found = SlotWord::unpack(seen);
      // One behind: the host has answered the use before without running it and not rearmed yet.
      const bool is_unseen =
          found.generation + 1 == generation || (found.generation == generation && found.state == State::queued);
      if (!is_unseen) return verdict_of(found, generation);
      if (word.compare_exchange_weak(seen, SlotWord{generation, outcome}.pack(), std::memory_order_acq_rel))
        return Execution::not_started;
    }
  }

 private:
  static Execution verdict_of(SlotWord found, std::uint32_t generation) {
    if (found.generation != generation) return Execution::done;
    return found.state == State::started ? Execution::maybe : Execution::not_started;
  }
};

}  // namespace troupe::channel
