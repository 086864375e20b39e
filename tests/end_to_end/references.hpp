// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/testing.hpp>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "actors.hpp"
#include "gate.hpp"

// What the tests of references share.
namespace troupe::test {

// A proxy in company that may refuse to travel.
struct Parcel {
  Proxy<Counter> counter;
  bool fails_to_save = false;
  bool fails_to_load = false;

  template <class Archive>
  void save(Archive& archive) const {
    archive(counter, fails_to_load);
    if (fails_to_save) throw std::runtime_error("it does not want to travel");
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(counter, fails_to_load);
    if (fails_to_load) throw std::runtime_error("it does not want to arrive");
  }
};

// Keeps proxies, and does with them what it is told.
class Shelf {
 public:
  Shelf() = default;
  explicit Shelf(Proxy<Counter> counter) { put(std::move(counter)); }
  Shelf(const Proxy<Counter>&, const std::string& reason) { throw std::invalid_argument(reason); }

  void put(Proxy<Counter> counter) { counters_.push_back(std::move(counter)); }
  void put_parcel(const Parcel& parcel) { counters_.push_back(parcel.counter); }
  void put_all(const std::map<std::string, Parcel>& parcels) {
    for (const auto& [name, parcel] : parcels) counters_.push_back(parcel.counter);
  }
  void look_at(const Proxy<Counter>&) {}
  void refuse(const Proxy<Counter>&) { throw std::out_of_range("no room"); }
  Proxy<Counter> take() {
    Proxy<Counter> taken = std::move(counters_.back());
    counters_.pop_back();
    return taken;
  }
  Parcel take_spoiled() { return {take(), true, false}; }
  int add(int n) {
    int sum = 0;
    for (const auto& each : counters_) sum += each.call<&Counter::add>(n).get();
    return sum;
  }
  ActorId first() const { return counters_.front().id(); }
  void clear() { counters_.clear(); }
  void hold(const std::string& gate) { wait_at(gate); }

  // To another one, and then it is gone from here.
  void hand_on(const Proxy<Shelf>& other) { other.tell<&Shelf::put>(take()); }
  void befriend(const Proxy<Shelf>& other) { friend_ = other; }

 private:
  std::vector<Proxy<Counter>> counters_;
  Proxy<Shelf> friend_;
};

// With a look at who ends.
class WithReferences : public testing::RuntimeTest {
 protected:
  void SetUp() override {
    testing::RuntimeTest::SetUp();
    runtime().on_event([seen = seen_](const RuntimeEvent& event) {
      if (const auto* down = std::get_if<Down>(&event)) seen->add(*down);
    });
  }

  // Blocks: until the actor has ended, because nobody held it.
  void expect_stopped(ActorId actor) { EXPECT_EQ(seen_->wait(actor).cause.kind, DeathKind::stopped); }
  // What the manager has read by now.
  ActorInfo info(ActorId actor) {
    for (const ActorInfo& each : runtime().actors()) {
      if (each.id == actor) return each;
    }
    throw std::logic_error("the actor has ended");
  }
  bool is_running(ActorId actor) { return info(actor).state == ActorState::running; }

  Proxy<Counter> counter(int start = 1) { return runtime().spawn<Counter>(start); }

 private:
  struct Seen {
    void add(const Down& down) {
      const std::lock_guard lock(mutex);
      downs[down.actor] = down;
      changed.notify_all();
    }
    Down wait(ActorId actor) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return downs.contains(actor); });
      return downs.at(actor);
    }
    std::mutex mutex;
    std::condition_variable changed;
    std::map<ActorId, Down> downs;
  };

  const std::shared_ptr<Seen> seen_ = std::make_shared<Seen>();
};

}  // namespace troupe::test
