// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>

// A checker of small concurrent programs: runs them again and again from the start until every order of their steps has
// been seen, on a machine with store buffers (x86-TSO, as in Sewell et al., "x86-TSO", CACM 2010). Stores wait in a buffer
// of their thread; the thread itself sees them at once, others when the machine flushes the oldest, at any time later;
// read-modify-writes and full fences wait for the own buffer to be empty.
//
// Each access is a step, and between steps the explorer chooses what happens next: a thread runs, a buffer is flushed, a
// mortal thread dies (its buffer then reaches memory, as a dead process's does). Two reductions keep that small, and lose
// nothing: a store into the own buffer is taken at once, since nobody else can tell when; and a state that was met before is
// not entered again. A state is memory, buffers, and for each thread a hash of all that it has read so far: a thread is
// deterministic, so that says where it stands; at the head of a loop it may say so itself, see restate(). (Hashes have 64 bits;
// with a million states, the chance that any two of them were taken for one is one in ten million.)
namespace troupe::model {

// A word of the machine's memory.
struct Location {
  std::uint32_t id = 0;
  std::uint64_t value = 0;
  const char* name = nullptr;
  bool is_retired = false;
};

// One program: its memory as members (Atomic, Ghost), its threads as lambdas. What two threads look at, or check() does,
// must be Atomic or Ghost; bodies own nothing (see Fiber).
class World {
 public:
  World() = default;
  virtual ~World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Looks at the end of each complete execution; says what is wrong with require().
  virtual void check() {}

 protected:
  static void thread(const char* name, std::function<void()> body);
  // It may stop for ever before any of its steps. `on_crash` then runs as part of the same step; it uses set() and wake().
  static void mortal_thread(
      const char* name, std::function<void()> body, std::function<void()> on_crash = [] {});
};

struct Limits {
  unsigned spurious_wakes = 0;        // how often in one execution a sleeper may wake for no reason
  unsigned steps = 10'000;            // in one execution; more is a failure (a program that never ends)
  bool merges_rounds = true;          // believes restate()
  std::uint64_t states = UINT64_MAX;  // more is a failure, too
};

struct Outcome {
  std::uint64_t executions = 0;  // runs from the start, each different from the others
  std::uint64_t complete = 0;    // those of them that came to an end of the program; the rest ran into a known state
  std::uint64_t states = 0;      // different ones in which there was a choice
  std::string failure;           // empty: none; else what, and the steps that led there
};

using MakeWorld = std::function<std::unique_ptr<World>()>;
Outcome explore(const MakeWorld& make, const Limits& limits = {});

template <class Program, class... Arguments>
Outcome explore_all(const Limits& limits, const Arguments&... arguments) {
  return explore([&] { return std::make_unique<Program>(arguments...); }, limits);
}

// ---- for programs

// A broken promise: ends the exploration.
void require(bool is_so, const char* promise);
// A step that does nothing: something takes time here, and a mortal thread may die in it.
void pause();
// Says, at the head of a loop, that what this thread does from here on depends on `locals` alone (and on memory): rounds
// that differ in nothing else are then one state. A program that goes round for ever does not show any more.
void restate(std::uint64_t locals);
// By order of creation.
std::size_t this_thread();

// ---- for the shim (atomics.hpp): a step of the running thread each

void add(Location& location, std::uint64_t value);  // no step: memory that exists from the start
void retire(Location& location);                    // no step: it is given back, and to use it is a failure from here on
std::uint64_t load(Location& location);
void store(Location& location, std::uint64_t value);
std::uint64_t begin_update(Location& location);  // of a read-modify-write; set() ends it
void fence();
// Sleeps until woken, unless one of the words differs already.
void sleep_while(std::span<const std::pair<Location*, std::uint64_t>> words);
void wake(Location& location);  // the one that sleeps on it; at a crash no step
// Stands for a loop that looks at one word: goes on when it differs from what this thread last saw there.
void await_change(Location& location);
void await_other_than(Location& location, std::uint64_t value);

// No steps: for ghosts, and at a crash.
void set(Location& location, std::uint64_t value);
std::uint64_t get(const Location& location);

}  // namespace troupe::model
