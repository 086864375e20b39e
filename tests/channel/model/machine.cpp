// SPDX-License-Identifier: BSL-1.0
#include "machine.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace troupe::model {
namespace {

// SplitMix64's finaliser (Steele et al., 2014).
constexpr std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}
constexpr std::uint64_t mixed(std::uint64_t a, std::uint64_t b) { return mixed(mixed(a) + b); }
std::uint64_t hash_of(const Location& location) { return mixed(location.id, location.value) + (location.is_retired ? 1 : 0); }

constexpr std::uint64_t kGone = 1;  // the history of a thread that does nothing more

constexpr std::array<const char*, 13> kStepNames = {
    "begins", "loads",  "stores (buffered)", "updates", "fences",          "falls asleep", "wakes up", "wakes",
    "awaits", "pauses", "flushes",           "crashes", "wakes spuriously"};

}  // namespace

void Machine::reset() {
  threads_.clear();
  running_ = kOutside;
  location_count_ = 0;
  memory_hash_ = 0;
  spurious_wakes_ = 0;
  marks_.clear();
  failure_.clear();
}

void Machine::add_thread(const char* name, std::function<void()> body, std::function<void()> on_crash, bool is_mortal) {
  auto& thread = threads_.emplace_back();
  thread.name = name;
  thread.body = std::move(body);
  thread.on_crash = std::move(on_crash);
  thread.is_mortal = is_mortal;
}

void Machine::begin() {
  while (fibers_.size() < threads_.size()) fibers_.push_back(std::make_unique<Fiber>());
  for (std::size_t index = 0; index < threads_.size() && failure_.empty(); ++index) {
    threads_[index].seen.resize(location_count_);
    fibers_[index]->restart(threads_[index].body);
    run(index);
  }
}

bool Machine::can_run(const Thread& thread) const {
  if (thread.life != Thread::Life::running) return false;
  switch (thread.next) {
    case Step::update:
    case Step::fence:
    case Step::sleep:
      return thread.buffer.empty();
    case Step::asleep:
      return thread.is_woken;
    case Step::await:
      return thread.awaited->value != thread.awaited_value;
    default:
      return true;
  }
}

std::span<const Choice> Machine::choices() {
  choices_.clear();
  const auto offer = [&](Choice::Kind kind, std::size_t index) { choices_.push_back({kind, static_cast<std::uint8_t>(index)}); };
  for (std::size_t index = 0; index < threads_.size(); ++index) {
    if (can_run(threads_[index])) offer(Choice::Kind::run, index);
  }
  for (std::size_t index = 0; index < threads_.size(); ++index) {
    const Thread& thread = threads_[index];
    if (!thread.buffer.empty()) offer(Choice::Kind::flush, index);
    if (thread.life != Thread::Life::running) continue;
    if (thread.is_mortal) offer(Choice::Kind::crash, index);
    if (thread.next == Step::asleep && !thread.is_woken && spurious_wakes_ < limits_.spurious_wakes) {
      offer(Choice::Kind::wake_spuriously, index);
    }
  }
  return choices_;
}

void Machine::take(Choice choice) {
  Thread& thread = threads_[choice.thread];
  switch (choice.kind) {
    case Choice::Kind::run:
      return run(choice.thread);
    case Choice::Kind::flush:
      return flush_oldest(thread);
    case Choice::Kind::crash:
      return crash(thread);
    case Choice::Kind::wake_spuriously:
      ++spurious_wakes_;
      thread.is_woken = true;
      marks_.push_back({thread.name, Step::spurious, nullptr, 0});
  }
}

void Machine::run(std::size_t index) {
  running_ = index;
  Fiber& fiber = *fibers_[index];
  fiber.resume();
  running_ = kOutside;
  if (!fiber.has_ended()) return;
  threads_[index].life = Thread::Life::finished;
  threads_[index].history = kGone;
}

void Machine::flush_oldest(Thread& thread) {
  const Store store = thread.buffer.front();
  thread.buffer.erase(thread.buffer.begin());
  set(*store.location, store.value);
  marks_.push_back({thread.name, Step::flush, store.location, store.value});
  check_in_use(*store.location);
}

void Machine::crash(Thread& thread) {
  while (!thread.buffer.empty()) flush_oldest(thread);
  thread.life = Thread::Life::dead;
  thread.history = kGone;
  thread.beds.clear();
  marks_.push_back({thread.name, Step::crash, nullptr, 0});
  thread.on_crash();
}

std::uint64_t Machine::state_hash() const {
  std::uint64_t hash = mixed(memory_hash_, spurious_wakes_);
  for (const Thread& thread : threads_) {
    hash = mixed(hash, static_cast<std::uint64_t>(thread.life));
    hash = mixed(hash, thread.history);
    hash = mixed(hash, thread.is_woken ? 1 : 0);
    for (const Store& store : thread.buffer) hash = mixed(hash, mixed(store.location->id, store.value));
    hash = mixed(hash, thread.buffer.size());
  }
  return hash;
}

bool Machine::has_waiting_threads() const {
  return std::any_of(threads_.begin(), threads_.end(), [](const Thread& thread) { return thread.life == Thread::Life::running; });
}

void Machine::fail(const std::string& promise) {
  if (failure_.empty()) failure_ = promise + story();
}

std::string Machine::story() const {
  std::string text = "\n";
  for (const Mark& mark : marks_) {
    text += fmt::format("  {:<10} {}", mark.thread, kStepNames.at(static_cast<std::size_t>(mark.step)));
    if (mark.location != nullptr && mark.location->name != nullptr)
      text += fmt::format(" {}: {:#x}", mark.location->name, mark.value);
    if (mark.location != nullptr && mark.location->name == nullptr)
      text += fmt::format(" word {}: {:#x}", mark.location->id, mark.value);
    text += '\n';
  }
  for (const Thread& thread : threads_) {
    if (thread.life == Thread::Life::running) text += fmt::format("  {:<10} has not come to its end\n", thread.name);
  }
  return text;
}

// ---- steps

// Lets the explorer choose, unless the step is one that nobody else can tell the time of.
void Machine::arrive_at(Step step) {
  Thread& thread = running();
  const bool is_local =
      (step == Step::fence && thread.buffer.empty()) || (!thread.is_mortal && (step == Step::store || step == Step::pause));
  if (!is_local) {
    thread.next = step;
    Fiber::suspend();
  }
}

void Machine::note(Step step, const Location* location, std::uint64_t value) {
  Thread& thread = running();
  thread.history = mixed(thread.history, value);
  marks_.push_back({thread.name, step, location, value});
  if (marks_.size() > limits_.steps) require(false, "the program comes to an end");
}

void Machine::add(Location& location, std::uint64_t value) {
  location.id = location_count_++;
  location.value = value;
  memory_hash_ += hash_of(location);
}

void Machine::retire(Location& location) {
  memory_hash_ -= hash_of(location);
  location.is_retired = true;
  memory_hash_ += hash_of(location);
}

void Machine::check_in_use(const Location& location) { require(!location.is_retired, "what was given back is not used"); }

void Machine::set(Location& location, std::uint64_t value) {
  memory_hash_ -= hash_of(location);
  location.value = value;
  memory_hash_ += hash_of(location);
}

std::uint64_t Machine::get(const Location& location) {
  if (running_ != kOutside) running().history = mixed(running().history, location.value);
  return location.value;
}

std::uint64_t Machine::load(Location& location) {
  arrive_at(Step::load);
  const auto& buffer = running().buffer;
  const auto own = std::find_if(buffer.rbegin(), buffer.rend(), [&](const Store& store) { return store.location == &location; });
  const std::uint64_t value = own != buffer.rend() ? own->value : location.value;
  running().seen[location.id] = value;
  note(Step::load, &location, value);
  check_in_use(location);
  return value;
}

void Machine::store(Location& location, std::uint64_t value) {
  arrive_at(Step::store);
  running().buffer.push_back({&location, value});
  note(Step::store, &location, value);
  check_in_use(location);
}

std::uint64_t Machine::begin_update(Location& location) {
  arrive_at(Step::update);
  running().seen[location.id] = location.value;
  note(Step::update, &location, location.value);
  check_in_use(location);
  return location.value;
}

void Machine::fence() {
  arrive_at(Step::fence);
  note(Step::fence, nullptr, 0);
}

void Machine::sleep_while(std::span<const std::pair<Location*, std::uint64_t>> words) {
  arrive_at(Step::sleep);
  const bool stays = std::all_of(words.begin(), words.end(), [](const auto& word) { return word.first->value == word.second; });
  note(Step::sleep, words.front().first, stays ? 1 : 0);
  for (const auto& word : words) check_in_use(*word.first);
  if (!stays) return;
  Thread& thread = running();
  for (const auto& word : words) thread.beds.push_back(word.first);
  thread.is_woken = false;
  arrive_at(Step::asleep);
  thread.beds.clear();
  thread.is_woken = false;
  note(Step::asleep, nullptr, 0);
}

void Machine::wake(Location& location) {
  if (running_ != kOutside) {
    arrive_at(Step::wake);
    note(Step::wake, &location, 0);
    check_in_use(location);
  }
  for (Thread& thread : threads_) {
    if (std::find(thread.beds.begin(), thread.beds.end(), &location) != thread.beds.end()) thread.is_woken = true;
  }
}

void Machine::await_other_than(Location& location, std::optional<std::uint64_t> value) {
  Thread& thread = running();
  thread.awaited = &location;
  thread.awaited_value = value.value_or(thread.seen[location.id]);
  arrive_at(Step::await);
  note(Step::await, &location, location.value);
}

void Machine::pause() {
  arrive_at(Step::pause);
  note(Step::pause, nullptr, 0);
}

void Machine::restate(std::uint64_t locals) {
  if (!limits_.merges_rounds) return;
  running().history = mixed(~std::uint64_t{0}, locals);
  std::fill(running().seen.begin(), running().seen.end(), 0);
}

void Machine::require(bool is_so, const char* promise) {
  if (is_so) return;
  fail(promise);
  if (running_ != kOutside) Fiber::suspend();  // and is never resumed
}

}  // namespace troupe::model
