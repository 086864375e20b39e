// SPDX-License-Identifier: BSL-1.0
#include <stdexcept>

#include "stage.hpp"

namespace troupe::test {
namespace {

using ::testing::HasSubstr;

class Detached : public NamedTest {
 protected:
  Program manager_ = Program::serve("lab");
};

TEST_F(Detached, OutlivesItsClientThatIsKilled) {
  Program other = Program::client("lab", {"detach", "counter"});
  const int pid = std::stoi(other.line());
  other.kill();
  auto runtime = Runtime::connect("lab");
  auto counter = runtime.lookup<Counter>("counter");
  EXPECT_EQ(counter.call<&Counter::add>(5).get(), 15);
  EXPECT_EQ(counter.pid(), pid);
}

TEST_F(Detached, LivesOnWhenNobodyHoldsIt) {
  auto runtime = Runtime::connect("lab");
  const int pid = runtime.spawn<Counter>({.name = "counter", .lifetime = Lifetime::detached}, 10).pid();
  auto scoped = runtime.spawn<Counter>({.name = "scoped"}, 10);
  const OtherProcess of_scoped(scoped.pid());
  scoped = {};
  of_scoped.wait_ended();  // by then the manager has looked who is held
  EXPECT_EQ(runtime.lookup<Counter>("counter").call<&Counter::pid>().get(), pid);
}

TEST_F(Detached, LivesAgainAfterItsClientHasGone) {
  Program other = Program::client("lab", {"detach_again", "counter"});
  const int pid = std::stoi(other.line());
  other.kill();
  auto runtime = Runtime::connect("lab");
  auto counter = runtime.lookup<Counter>("counter");
  counter.tell<&Counter::crash>();
  EXPECT_EQ(counter.call<&Counter::add>(1).get(), 11);
  EXPECT_NE(counter.call<&Counter::pid>().get(), pid);
  EXPECT_EQ(counter.incarnation(), 2u);
}

TEST_F(Detached, EndsWhenItIsStopped) {
  Program other = Program::client("lab", {"detach", "counter"});
  const OtherProcess host(std::stoi(other.line()));
  auto runtime = Runtime::connect("lab");
  runtime.lookup<Counter>("counter").stop();
  host.wait_ended();
}

TEST_F(Detached, IsNoMemberOfAGroup) {
  auto runtime = Runtime::connect("lab");
  EXPECT_THAT(text_of<std::invalid_argument>([&] { runtime.supervise().spawn<Counter>({.lifetime = Lifetime::detached}, 1); }),
              HasSubstr("group"));
}

TEST_F(Detached, WantsANamedManager) {
  Runtime runtime;
  EXPECT_THAT(text_of<std::invalid_argument>([&] { runtime.spawn<Counter>({.lifetime = Lifetime::detached}, 1); }),
              HasSubstr("named manager"));
}

}  // namespace
}  // namespace troupe::test
