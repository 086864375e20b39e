// SPDX-License-Identifier: BSL-1.0
#include "explorer.hpp"

#include <optional>
#include <stdexcept>
#include <unordered_set>
#include <vector>

#include "machine.hpp"

namespace troupe::model {
namespace {

Machine* current = nullptr;

// Walks through the tree of choices, depth first, by running the program from its start for each path.
class Search {
 public:
  Search(const MakeWorld& make, const Limits& limits) : make_(make), limits_(limits), machine_(limits) { current = &machine_; }
  ~Search() { current = nullptr; }
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;

  Outcome run() {
    do {
      execute();
    } while (outcome_.failure.empty() && next_path());
    outcome_.states = known_.size();
    return std::move(outcome_);
  }

 private:
  struct Fork {
    std::size_t taken;
    std::size_t count;
  };

  void execute() {
    machine_.reset();
    const auto world = make_();
    ++outcome_.executions;
    machine_.begin();
    for (depth_ = 0; machine_.failure().empty();) {
      const auto choices = machine_.choices();
      if (choices.empty()) {
        finish(*world);
        break;
      }
      const auto pick = choices.size() == 1 ? std::optional<std::size_t>(0) : choose(choices.size());
      if (!pick) break;
      machine_.take(choices[*pick]);
    }
    outcome_.failure = machine_.failure();
  }

  void finish(World& world) {
    ++outcome_.complete;
    if (machine_.has_waiting_threads()) {
      machine_.fail("nobody waits for ever");
    } else {
      world.check();
    }
  }

  // nullopt: what can follow from here has been seen.
  std::optional<std::size_t> choose(std::size_t count) {
    if (depth_ == path_.size()) {
      if (!known_.insert(machine_.state_hash()).second) return std::nullopt;
      if (known_.size() > limits_.states) machine_.fail("the program is small enough to be explored");
      path_.push_back({0, count});
    }
    if (path_[depth_].count != count) throw std::logic_error("a program under the explorer is not deterministic");
    return path_[depth_++].taken;
  }

  bool next_path() {
    while (!path_.empty()) {
      if (++path_.back().taken < path_.back().count) return true;
      path_.pop_back();
    }
    return false;
  }

  const MakeWorld& make_;
  const Limits limits_;
  Machine machine_;
  Outcome outcome_;
  std::unordered_set<std::uint64_t> known_;
  std::vector<Fork> path_;
  std::size_t depth_ = 0;
};

}  // namespace

Machine& machine() { return *current; }

Outcome explore(const MakeWorld& make, const Limits& limits) { return Search(make, limits).run(); }

void World::thread(const char* name, std::function<void()> body) {
  machine().add_thread(
      name, std::move(body), [] {}, false);
}
void World::mortal_thread(const char* name, std::function<void()> body, std::function<void()> on_crash) {
  machine().add_thread(name, std::move(body), std::move(on_crash), true);
}

void require(bool is_so, const char* promise) { machine().require(is_so, promise); }
void pause() { machine().pause(); }
void restate(std::uint64_t locals) { machine().restate(locals); }
std::size_t this_thread() { return machine().this_thread(); }
void add(Location& location, std::uint64_t value) { machine().add(location, value); }
void retire(Location& location) { machine().retire(location); }
std::uint64_t load(Location& location) { return machine().load(location); }
void store(Location& location, std::uint64_t value) { machine().store(location, value); }
std::uint64_t begin_update(Location& location) { return machine().begin_update(location); }
void fence() { machine().fence(); }
void sleep_while(std::span<const std::pair<Location*, std::uint64_t>> words) { machine().sleep_while(words); }
void wake(Location& location) { machine().wake(location); }
void await_change(Location& location) { machine().await_other_than(location, std::nullopt); }
void await_other_than(Location& location, std::uint64_t value) { machine().await_other_than(location, value); }
void set(Location& location, std::uint64_t value) { machine().set(location, value); }
std::uint64_t get(const Location& location) { return machine().get(location); }

}  // namespace troupe::model
