// SPDX-License-Identifier: BSL-1.0
// What a tree of groups promises, whatever happens to it.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

#include "orders.hpp"
#include "supervision/supervisor.hpp"

namespace troupe::supervision {
namespace {

using namespace std::chrono_literals;

enum class State { down, starting, up, ending };

struct Actor {
  ChildId group;
  State state = State::down;
};

bool is_alive(const Actor& actor) { return actor.state != State::down; }

// A supervisor, and the processes that its orders start and end. What happens is drawn; each order is held against what the
// processes are.
class Forest {
 public:
  explicit Forest(unsigned seed) : random_(seed) { add_group(Supervisor::kTop); }

  void step() {
    switch (drawn(12)) {
      case 0:
        if (groups_.size() < 6) add_group(drawn(3) == 0 || groups_.empty() ? Supervisor::kTop : any_group());
        break;
      case 1:
      case 2:
        if (actors_.size() < 10 && !groups_.empty()) add_actor(any_group());
        break;
      case 3:
        if (drawn(8) == 0 && !groups_.empty()) stop(any_group());
        break;
      case 4:
        now_ += 5s;
        break;
      default:
        if (!actors_.empty()) befall(any_actor());
    }
    take_orders();
  }

  void settle() {
    const auto is_moving = [](const auto& each) {
      return each.second.state == State::starting || each.second.state == State::ending;
    };
    for (int i = 0; i < 1000; ++i) {
      const auto moving = std::find_if(actors_.begin(), actors_.end(), is_moving);
      if (moving == actors_.end()) break;
      moving->second.state == State::starting ? comes_up(moving) : ends(moving, Exit::clean);
      take_orders();
    }
    for (const auto& [id, actor] : actors_) {
      expect(actor.state == State::up, fmt::format("in the end {} is up, or forgotten", id));
      expect(supervisor_.has(id), fmt::format("who is not forgotten is known: {}", id));
    }
    for (const auto& [id, parent] : groups_) expect(supervisor_.has(id), fmt::format("which is not forgotten is known: {}", id));
  }

  void stop_all() {
    for (const auto& [id, parent] : groups_) supervisor_.stop(id);
    take_orders();
    settle();
    expect(groups_.empty() && actors_.empty(), "what is stopped is forgotten");
  }

  unsigned given_up_below() const { return given_up_below_; }
  const std::string& broken() const { return broken_; }
  const std::string& story() const { return story_; }

 private:
  using Actors = std::map<ChildId, Actor>;

  unsigned drawn(std::size_t count) { return static_cast<unsigned>(random_() % count); }
  ChildId any_group() { return std::next(groups_.begin(), drawn(groups_.size()))->first; }
  Actors::iterator any_actor() { return std::next(actors_.begin(), drawn(actors_.size())); }

  void expect(bool is_kept, const std::string& promise) {
    if (!is_kept && broken_.empty()) broken_ = promise;
  }
  void note(const std::string& what) { story_ += what + "; "; }

  void add_group(ChildId parent) {
    const GroupOptions options = {.strategy = static_cast<Strategy>(drawn(3)), .intensity = {drawn(3), 10s}};
    try {
      supervisor_.add_group(++last_id_, parent, options);
      groups_[last_id_] = parent;
      note(fmt::format("group {} in {}, strategy {}, max {}", last_id_, parent, static_cast<int>(options.strategy),
                       options.intensity.max));
    } catch (const std::invalid_argument&) {
      expect(parent != Supervisor::kTop, "a group at the top is always possible");
    }
  }
  void add_actor(ChildId group) {
    if (!supervisor_.add(group, ++last_id_)) return;
    note(fmt::format("actor {} in {}", last_id_, group));
    actors_[last_id_] = {group};
  }
  void stop(ChildId group) {
    note(fmt::format("stop {}", group));
    supervisor_.stop(group);
  }
  void comes_up(Actors::iterator actor) {
    note(fmt::format("{} comes up", actor->first));
    actor->second.state = State::up;
    supervisor_.started(actor->first);
  }
  void ends(Actors::iterator actor, Exit exit) {
    note(fmt::format("{} {}", actor->first, exit == Exit::clean ? "exits" : "crashes"));
    actor->second.state = State::down;
    supervisor_.ended(actor->first, exit, now_);
  }
  void befall(Actors::iterator actor) {
    const bool is_rare = drawn(10) == 0;
    if (actor->second.state == State::starting && drawn(3) != 0) return comes_up(actor);
    if (is_alive(actor->second)) return ends(actor, is_rare ? Exit::clean : Exit::crash);
    if (!is_rare) return;
    note(fmt::format("{} removed", actor->first));
    supervisor_.removed(actor->first);
  }

  void take_orders() {
    while (const auto order = supervisor_.next(now_)) {
      story_ += fmt::format("[{}] ", text_of(*order));
      take(*order);
      if (!broken_.empty()) return;
    }
  }
  void take(const Order& order) {
    if (order.what == Order::What::forget) return take_forget(order.child);
    if (order.what == Order::What::gave_up) return take_gave_up(order.child);
    const auto actor = actors_.find(order.child);
    const bool is_start = order.what == Order::What::start;
    expect(is_start || order.what == Order::What::end, "a tree says nothing else");
    expect(actor != actors_.end(), "only actors are started and ended");
    if (actor == actors_.end()) return;
    State& state = actor->second.state;
    expect(!is_start || state == State::down, "only those are started who are down");
    expect(is_start || state == State::starting || state == State::up, "only those are ended who live");
    state = is_start ? State::starting : State::ending;
  }
  void take_forget(ChildId child) {
    const auto is_child = [child](const auto& each) { return each.second == child; };
    const auto is_member = [child](const auto& each) { return each.second.group == child; };
    if (groups_.erase(child) == 1) {
      expect(std::none_of(groups_.begin(), groups_.end(), is_child), "a group is forgotten after those below it");
      expect(std::none_of(actors_.begin(), actors_.end(), is_member), "a group is forgotten after its actors");
    } else {
      expect(actors_.count(child) == 1 && !is_alive(actors_[child]), "only those are forgotten who are there and gone");
      actors_.erase(child);
    }
  }
  void take_gave_up(ChildId group) {
    expect(groups_.count(group) == 1, "only a group gives up");
    if (groups_.at(group) != Supervisor::kTop) ++given_up_below_;
    for (const auto& [id, actor] : actors_)
      expect(!is_below(actor.group, group) || !is_alive(actor), "when a group has given up, nobody in it lives");
  }
  bool is_below(ChildId group, ChildId above) {
    while (group != above && group != Supervisor::kTop) group = groups_.at(group);
    return group == above;
  }

  std::mt19937 random_;
  Supervisor supervisor_;
  TimePoint now_{};
  Actors actors_{};
  std::map<ChildId, ChildId> groups_{};  // and the group above
  ChildId last_id_ = 0;
  unsigned given_up_below_ = 0;
  std::string broken_{};
  std::string story_{};
};

TEST(SupervisorModel, KeepsItsPromisesInLongStories) {
  unsigned given_up_below = 0;
  for (unsigned seed = 0; seed < 1000; ++seed) {
    Forest forest(seed);
    for (int i = 0; i < 300 && forest.broken().empty(); ++i) forest.step();
    forest.settle();
    forest.stop_all();
    ASSERT_EQ(forest.broken(), "") << seed << ": " << forest.story();
    given_up_below += forest.given_up_below();
  }
  EXPECT_GT(given_up_below, 1000u);
}

}  // namespace
}  // namespace troupe::supervision
