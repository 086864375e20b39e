// SPDX-License-Identifier: BSL-1.0
#include <troupe/troupe.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "campaign.hpp"
#include "ledger.hpp"
#include "oracle.hpp"
#include "porter.hpp"
#include "processes.hpp"
#include "watchdog.hpp"

// Proxies pass at random among eight processes, this one and seven porters, which are killed at any moment, with proxies under
// way to them and from them. No token ends that a living process holds: each is called when it comes, and now and then. At the
// end those that live are those that are held; and when all have let go, none is left.
namespace troupe::campaigns {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPorters = 7;
constexpr std::chrono::seconds kPatience(20);

class Round {
 public:
  Round(Ledger& ledger, Random& random) : ledger_(ledger), random_(random) {
    const Step step("spawning porters");
    for (int i = 0; i < kPorters; ++i) porters_.push_back(runtime_.spawn<Porter>(ledger_.path(), random_(), tokens(2)));
    introduce();
  }

  void run() {
    const int steps = uniform(random_, 100, 300);
    for (int i = 0; i < steps; ++i) {
      any_porter().tell<&Porter::step>();
      if (one_in(random_, 10)) give_or_take();
      if (one_in(random_, 40)) kill_one();
    }
  }

  // Blocks: until the tokens that live are those that somebody says he holds.
  void expect_the_held_alone_live() {
    const Step step("waiting until the tokens that live are those that are held");
    for (const auto& each : porters_) each.call<&Porter::settle>().get();
    const auto deadline = Clock::now() + kPatience;
    for (;;) {
      const std::set<std::uint64_t> held = all_held();
      const std::set<std::uint64_t> alive = all_alive();
      if (held == alive) return;
      expect(Clock::now() < deadline, "living tokens: {}; held ones: {}\n{}", text_of(alive), text_of(held), text_of_actors());
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  void let_go_of_all() {
    const Step step("letting go of all tokens");
    own_.clear();
    for (const auto& each : porters_) each.call<&Porter::clear>().get();
  }

  void end() {
    const Step step("ending a runtime");
    porters_.clear();
    expect(runtime_.shutdown().killed.empty(), "actors had to be killed at the end");
  }

 private:
  std::vector<Held> tokens(int count) {
    std::vector<Held> made;
    for (; count > 0; --count) made.push_back({runtime_.spawn<Token>(ledger_.path()), {}});
    return made;
  }
  const Proxy<Porter>& any_porter() { return porters_[static_cast<std::size_t>(uniform(random_, 0, kPorters - 1))]; }
  void introduce() {
    for (const auto& each : porters_) each.tell<&Porter::meet>(porters_);
  }

  // This process is one of the eight.
  void give_or_take() {
    if (one_in(random_, 2)) {
      any_porter().tell<&Porter::take>(tokens(1).front());
    } else {
      try {
        for (const Held& each : any_porter().call<&Porter::give>(random_(), one_in(random_, 2)).get()) {
          touch(each, ledger_);
          own_.push_back(each);
        }
      } catch (const ActorDied&) {  // killed from outside: by nobody here
        throw Broken("a porter died that was not killed");
      }
    }
    if (own_.size() > 6) own_.erase(own_.begin(), own_.begin() + 3);
    for (const Held& each : own_) touch(each, ledger_);
  }

  // At a moment when it may be at work, or later.
  void kill_one() {
    const Step step("replacing a porter that is killed");
    auto& victim = porters_[static_cast<std::size_t>(uniform(random_, 0, kPorters - 1))];
    const auto process = open_process(victim.pid());
    spin_up_to(random_, std::chrono::microseconds(300));
    process.value().kill();
    victim = runtime_.spawn<Porter>(ledger_.path(), random_(), own_);
    introduce();
  }

  std::set<std::uint64_t> all_held() {
    std::set<std::uint64_t> ids;
    for (const Held& each : own_) ids.insert(each.id().value);
    for (const auto& each : porters_) {
      for (const std::uint64_t id : each.call<&Porter::held>().get()) ids.insert(id);
    }
    return ids;
  }
  std::set<std::uint64_t> all_alive() {
    std::set<std::uint64_t> ids;
    for (const ActorInfo& each : runtime_.actors()) {
      if (each.type.find("Token") != std::string::npos) ids.insert(each.id.value);
    }
    return ids;
  }
  std::string text_of_actors() {
    std::string text;
    for (const ActorInfo& each : runtime_.actors()) {
      text += fmt::format("  actor {} ({}) has {} leases, and holders:", each.id.value, each.type, each.proxies_in_flight);
      for (const ActorHolder& holder : each.holders) text += fmt::format(" {} (process {})", holder.actor.value, holder.pid);
      text += '\n';
    }
    return text;
  }
  static std::string text_of(const std::set<std::uint64_t>& ids) {
    std::string text;
    for (const std::uint64_t id : ids) text += fmt::format(" {}", id);
    return text;
  }

  Ledger& ledger_;
  Random& random_;
  Runtime runtime_;
  std::vector<Proxy<Porter>> porters_;
  std::vector<Held> own_;
};

void one_case(Random& random) {
  const Oracle oracle;
  {
    Ledger ledger;
    {
      Round round(ledger, random);
      round.run();
      round.expect_the_held_alone_live();
      round.let_go_of_all();
      round.expect_the_held_alone_live();
      round.end();
    }
    expect_no_descendants();
    ledger.expect_agreement(Blame::nobody, true);
    expect_fresh_call();
  }
  oracle.expect_nothing_left();
}

}  // namespace

Score run_references(const Order& order) { return run_cases(order, one_case); }

}  // namespace troupe::campaigns
