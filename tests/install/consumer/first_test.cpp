// SPDX-License-Identifier: BSL-1.0
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

class Counter {
 public:
  int add(int n) {
    TROUPE_FAIL_POINT("counter.add");
    return value_ += n;
  }

 private:
  int value_ = 0;
};

using CounterTest = troupe::testing::RuntimeTest;

TEST_F(CounterTest, DiesWhereItIsToldTo) {
  auto counter = runtime().spawn<Counter>();
  troupe::testing::arm(counter, "counter.add", troupe::testing::Fail::exit(7));
  EXPECT_ACTOR_DIES(counter.call<&Counter::add>(1).get(), troupe::testing::ExitedWith(7));
}

TEST_F(CounterTest, IsKilledAtAMessage) {
  auto counter = runtime().spawn<Counter>();
  troupe::testing::kill_at_message(counter, 2);
  EXPECT_EQ(counter.call<&Counter::add>(1).get(), 1);
  EXPECT_ACTOR_DIES(counter.call<&Counter::add>(1).get(), troupe::testing::DiedOf(troupe::DeathKind::signal));
}
