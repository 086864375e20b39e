// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "explorer.hpp"
#include "fiber.hpp"

namespace troupe::model {

enum class Step : std::uint8_t { begin, load, store, update, fence, sleep, asleep, wake, await, pause, flush, crash, spurious };

// What can happen next.
struct Choice {
  enum class Kind : std::uint8_t { run, flush, crash, wake_spuriously };
  Kind kind;
  std::uint8_t thread;
};

// The machine that a program runs on: memory, store buffers, threads. What happens next is chosen by its owner; see
// explorer.hpp for the rules. Thread-safety: one thread.
class Machine {
 public:
  explicit Machine(const Limits& limits) : limits_(limits) {}

  // Forgets the program before. Threads and memory are then added by the World that is made.
  void reset();
  void add_thread(const char* name, std::function<void()> body, std::function<void()> on_crash, bool is_mortal);
  // Takes each thread to its first step.
  void begin();

  // What can happen now, in an order that depends on the state alone; valid until the next call.
  std::span<const Choice> choices();
  void take(Choice choice);
  std::uint64_t state_hash() const;

  // At the end: whether somebody still waits.
  bool has_waiting_threads() const;
  void fail(const std::string& promise);
  const std::string& failure() const { return failure_; }

  // What threads call; see explorer.hpp.
  void add(Location& location, std::uint64_t value);
  void retire(Location& location);
  std::uint64_t load(Location& location);
  void store(Location& location, std::uint64_t value);
  std::uint64_t begin_update(Location& location);
  void fence();
  void sleep_while(std::span<const std::pair<Location*, std::uint64_t>> words);
  void wake(Location& location);
  void await_other_than(Location& location, std::optional<std::uint64_t> value);
  void pause();
  void restate(std::uint64_t locals);
  std::size_t this_thread() const { return running_; }
  void set(Location& location, std::uint64_t value);
  std::uint64_t get(const Location& location);
  void require(bool is_so, const char* promise);

 private:
  struct Store {
    Location* location;
    std::uint64_t value;
  };
  struct Thread {
    enum class Life : std::uint8_t { running, finished, dead };
    const char* name;
    std::function<void()> body;
    std::function<void()> on_crash;
    bool is_mortal = false;
    Life life = Life::running;
    Step next = Step::begin;
    std::vector<Store> buffer;
    std::vector<Location*> beds;  // that it sleeps on
    bool is_woken = false;
    const Location* awaited = nullptr;
    std::uint64_t awaited_value = 0;
    std::vector<std::uint64_t> seen;  // by location: what it loaded last
    std::uint64_t history = 0;        // hash of what it has read since it last restated, and of how often it has stepped
  };
  struct Mark {  // for the story of a failure
    const char* thread;
    Step step;
    const Location* location;
    std::uint64_t value;
  };

  Thread& running() { return threads_[running_]; }
  bool can_run(const Thread& thread) const;
  void arrive_at(Step step);
  void note(Step step, const Location* location, std::uint64_t value);
  void check_in_use(const Location& location);
  void run(std::size_t index);
  void flush_oldest(Thread& thread);
  void crash(Thread& thread);
  std::string story() const;

  static constexpr std::size_t kOutside = SIZE_MAX;  // no thread runs: the explorer does, or a crash

  const Limits limits_;
  std::vector<std::unique_ptr<Fiber>> fibers_;  // kept over resets
  std::deque<Thread> threads_;
  std::size_t running_ = kOutside;
  std::uint32_t location_count_ = 0;
  std::uint64_t memory_hash_ = 0;
  unsigned spurious_wakes_ = 0;
  std::vector<Choice> choices_;
  std::vector<Mark> marks_;
  std::string failure_;
};

// The one that is being explored.
Machine& machine();

}  // namespace troupe::model
