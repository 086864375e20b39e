// SPDX-License-Identifier: BSL-1.0
// That the checker can be believed: it finds what the x86-TSO machine can do, and nothing that it cannot.
#include "explorer.hpp"

#include <gtest/gtest.h>

#include <set>

#include "atomics.hpp"
#include "expect.hpp"

namespace troupe::model {
namespace {

using std::memory_order_relaxed;

// Two threads each store one word and load the other's.
struct StoreBuffering : World {
  explicit StoreBuffering(bool is_fenced, std::set<std::pair<int, int>>& seen) : outcomes(seen) {
    const auto side = [is_fenced](Atomic<int>& mine, Atomic<int>& other, Ghost<int>& read) {
      mine.store(1, memory_order_relaxed);
      if (is_fenced) Atomics::full_fence();
      read.set(other.load(memory_order_relaxed));
    };
    thread("left", [=, this] { side(x, y, left); });
    thread("right", [=, this] { side(y, x, right); });
  }
  void check() override { outcomes.insert({left.get(), right.get()}); }

  std::set<std::pair<int, int>>& outcomes;
  Atomic<int> x, y;
  Ghost<int> left, right;
};

TEST(Explorer, FindsThatStoreBuffersLetBothThreadsMissEachOther) {
  std::set<std::pair<int, int>> outcomes;
  report(explore([&] { return std::make_unique<StoreBuffering>(false, outcomes); }));
  EXPECT_EQ(outcomes, (std::set<std::pair<int, int>>{{0, 0}, {0, 1}, {1, 0}, {1, 1}}));
}

TEST(Explorer, FindsThatFencesLetOneThreadSeeTheOther) {
  std::set<std::pair<int, int>> outcomes;
  report(explore([&] { return std::make_unique<StoreBuffering>(true, outcomes); }));
  EXPECT_EQ(outcomes, (std::set<std::pair<int, int>>{{0, 1}, {1, 0}, {1, 1}}));
}

// A thread that reads its own buffered store before others see it.
struct Forwarding : World {
  explicit Forwarding(std::set<int>& seen) : outcomes(seen) {
    thread("writer", [this] {
      x.store(1, memory_order_relaxed);
      require(x.load() == 1, "a thread sees its own stores");
      own.set(y.load());
    });
    thread("other", [this] {
      y.exchange(1);
      other.set(x.load());
    });
  }
  void check() override { outcomes.insert(own.get() * 10 + other.get()); }

  std::set<int>& outcomes;
  Atomic<int> x, y;
  Ghost<int> own, other;
};

TEST(Explorer, LetsAThreadSeeItsOwnStoreBeforeOthersDo) {
  std::set<int> outcomes;
  const Outcome outcome = explore([&] { return std::make_unique<Forwarding>(outcomes); });
  expect_kept(outcome);
  EXPECT_EQ(outcomes, (std::set<int>{0, 1, 10, 11}));
}

struct MessagePassing : World {
  MessagePassing() {
    thread("writer", [this] {
      content.store(1, memory_order_relaxed);
      flag.store(1, memory_order_relaxed);
    });
    thread("reader", [this] {
      if (flag.load() == 1) require(content.load() == 1, "stores are seen in their order");
    });
  }
  Atomic<int> content, flag;
};

TEST(Explorer, KeepsTheStoresOfAThreadInOrder) { expect_kept(explore_all<MessagePassing>({})); }

// Two writers, and two readers that look at them in opposite orders.
struct IndependentReads : World {
  IndependentReads() {
    thread("left", [this] { x.store(1, memory_order_relaxed); });
    thread("right", [this] { y.store(1, memory_order_relaxed); });
    const auto reader = [](Atomic<int>& first, Atomic<int>& second, Ghost<bool>& is_between) {
      const int before = first.load();
      is_between.set(before == 1 && second.load() == 0);
    };
    thread("reader", [=, this] { reader(x, y, x_first); });
    thread("other", [=, this] { reader(y, x, y_first); });
  }
  void check() override { require(!x_first.get() || !y_first.get(), "all readers see one order of stores"); }

  Atomic<int> x, y;
  Ghost<bool> x_first{false}, y_first{false};
};

TEST(Explorer, HasOneOrderOfStoresForAllReaders) { expect_kept(explore_all<IndependentReads>({})); }

struct Increments : World {
  explicit Increments(bool is_atomic) {
    for (const char* name : {"first", "second", "third"}) {
      thread(name, [=, this] {
        if (is_atomic) {
          count.fetch_add(1);
        } else {
          count.store(count.load() + 1);
        }
      });
    }
  }
  void check() override { require(get(count.location()) == 3, "no increment is lost"); }

  Atomic<int> count;
};

TEST(Explorer, DoesNotTearReadModifyWrites) { expect_kept(explore_all<Increments>({}, true)); }
TEST(Explorer, FindsALostIncrement) { expect_broken(explore_all<Increments>({}, false), "no increment is lost"); }

// The last of two owners gives the word back that both have used.
struct Owners : World {
  explicit Owners(bool is_counted) {
    for (const char* name : {"first", "second"}) {
      thread(name, [=, this] {
        word.store(1, memory_order_relaxed);
        if (!is_counted || count.fetch_sub(1) == 1) retire(word.location());
      });
    }
  }
  Atomic<int> word;
  Atomic<int> count{2};
};

TEST(Explorer, LetsTheLastOwnerGiveBackWhatTheOthersHaveUsed) { expect_kept(explore_all<Owners>({}, true)); }
TEST(Explorer, FindsAUseOfWhatWasGivenBack) { expect_broken(explore_all<Owners>({}, false), "what was given back is not used"); }

// A sleeper that does not look again after saying that it sleeps.
struct Sleeper : World {
  explicit Sleeper(bool looks_again) {
    thread("sleeper", [=, this] {
      bell.store(1);
      if (looks_again && work.load() == 1) return;
      futex_wait(bell, 1);
    });
    thread("waker", [this] {
      work.store(1);
      if (bell.exchange(0) == 1) futex_wake(bell);
    });
  }
  Atomic<std::uint32_t> bell, work;
};

TEST(Explorer, FindsALostWakeUp) { expect_broken(explore_all<Sleeper>({}, false), "nobody waits for ever"); }
TEST(Explorer, FindsNoLostWakeUpWhereThereIsNone) { expect_kept(explore_all<Sleeper>({}, true)); }

// A thread that dies somewhere between three stores, and one that sleeps until then.
struct Mortal : World {
  explicit Mortal(std::set<int>& seen) : outcomes(seen) {
    mortal_thread(
        "mortal",
        [this] {
          x.store(1, memory_order_relaxed);
          x.store(2, memory_order_relaxed);
          x.store(3, memory_order_relaxed);
          life.exchange(2);
          futex_wake(life);
        },
        [this] {
          set(life.location(), 1);
          wake(life.location());
        });
    thread("heir", [this] {
      while (life.load() == 0) futex_wait(life, 0);
      found.set(static_cast<int>(life.load()) * 10 + x.load());
    });
  }
  void check() override { outcomes.insert(found.get()); }

  std::set<int>& outcomes;
  Atomic<std::uint32_t> life;
  Atomic<int> x;
  Ghost<int> found;
};

TEST(Explorer, LetsAMortalThreadDieBeforeEachOfItsSteps) {
  std::set<int> outcomes;
  expect_kept(explore([&] { return std::make_unique<Mortal>(outcomes); }));
  EXPECT_EQ(outcomes, (std::set<int>{10, 11, 12, 13, 23}));
}

struct Spurious : World {
  Spurious() {
    thread("sleeper", [this] {
      futex_wait(word, 0);
      require(word.load() == 1, "a wake-up has a reason");
    });
    thread("waker", [this] {
      word.store(1);
      futex_wake(word);
    });
  }
  Atomic<std::uint32_t> word;
};

TEST(Explorer, WakesSleepersForNoReasonWhenTold) {
  expect_kept(explore_all<Spurious>({}));
  expect_broken(explore_all<Spurious>({.spurious_wakes = 1}), "a wake-up has a reason");
}

struct Endless : World {
  Endless() {
    thread("endless", [this] {
      for (;;) word.exchange(word.load() ^ 1);
    });
  }
  Atomic<std::uint32_t> word;
};

TEST(Explorer, SaysWhenAProgramNeverEnds) { expect_broken(explore_all<Endless>({}), "the program comes to an end"); }

}  // namespace
}  // namespace troupe::model
