// SPDX-License-Identifier: BSL-1.0
// Whose actors end with what: a client's end, its shutdown, the manager's end.
#include <sys/wait.h>

#include <fstream>
#include <future>
#include <thread>

#include "stage.hpp"

namespace troupe::test {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class Lifetimes : public NamedTest {
 protected:
  Program manager_ = Program::serve("lab");
};

TEST_F(Lifetimes, AnActorIsFoundByAnotherClient) {
  auto runtime = Runtime::connect("lab");
  auto counter = runtime.spawn<Counter>({.name = "counter"}, 10);
  Program other = Program::client("lab", {"find", "counter"});
  EXPECT_EQ(other.line(), "15");
  EXPECT_EQ(counter.call<&Counter::add>(1).get(), 16);
}

TEST_F(Lifetimes, AScopedActorEndsWithItsClientThatIsKilled) {
  auto runtime = Runtime::connect("lab");
  Program other = Program::client("lab", {"spawn", "counter"});
  const OtherProcess host(std::stoi(other.line()));
  auto counter = runtime.lookup<Counter>("counter");
  other.kill();
  host.wait_ended();
  EXPECT_THROW(counter.call<&Counter::add>(1).get(), ActorDied);
  EXPECT_FALSE(runtime.find<Counter>("counter"));
}

TEST_F(Lifetimes, ShutdownOfOneClientLeavesTheOthersActors) {
  auto runtime = Runtime::connect("lab");
  auto ours = runtime.spawn<Counter>({.name = "ours"}, 10);
  Program other = Program::client("lab", {"spawn", "theirs", "detach", "detached"});
  const OtherProcess theirs(std::stoi(other.line()));
  other.line();
  other.close_input();
  EXPECT_EQ(other.line(), "killed 0");
  theirs.wait_ended();
  EXPECT_EQ(ours.call<&Counter::add>(5).get(), 15);
  EXPECT_THAT(runtime.actors(), SizeIs(2));
  runtime.lookup<Counter>("detached").kill();
}

TEST_F(Lifetimes, ShutdownReportsWhoHadToBeKilled) {
  Program other = Program::client("lab", {"hang", "stuck"});
  other.line();
  other.close_input();
  EXPECT_EQ(other.line(), "killed 1");
  EXPECT_EQ(other.wait(), 0);
}

TEST_F(Lifetimes, AfterShutdownAClientStartsNothingMoreAndOthersDo) {
  auto one = Runtime::connect("lab");
  auto two = Runtime::connect("lab");
  EXPECT_THAT(one.shutdown().killed, SizeIs(0));
  EXPECT_THROW(one.spawn<Counter>(1), RuntimeStopped);
  EXPECT_THROW(one.supervise(), RuntimeStopped);
  EXPECT_EQ(two.spawn<Counter>(1).call<&Counter::add>(1).get(), 2);
}

TEST_F(Lifetimes, ShutdownStopsItsGroupsToo) {
  auto runtime = Runtime::connect("lab");
  auto group = runtime.supervise();
  auto counter = group.spawn<Counter>(1);
  const OtherProcess host(counter.call<&Counter::pid>().get());
  EXPECT_THAT(runtime.shutdown().killed, SizeIs(0));
  EXPECT_TRUE(host.has_ended());
}

TEST_F(Lifetimes, ClientsHearOfEachOthersActors) {
  auto runtime = Runtime::connect("lab");
  std::promise<std::string> spawned;
  runtime.on_event([&](const RuntimeEvent& event) {
    if (const auto* news = std::get_if<Spawned>(&event)) spawned.set_value(news->name);
  });
  Program other = Program::client("lab", {"spawn", "theirs"});
  EXPECT_EQ(spawned.get_future().get(), "theirs");
}

TEST_F(Lifetimes, AManagerThatIsToldToEndStopsItsActorsInOrder) {
  auto runtime = Runtime::connect("lab");
  const std::string farewell = (folder() / "farewell").string();
  auto counter = runtime.spawn<Counter>({.lifetime = Lifetime::detached}, 10, farewell);
  const OtherProcess host(counter.call<&Counter::pid>().get());
  manager_.send(SIGINT);
  EXPECT_EQ(manager_.wait(), 0);
  EXPECT_TRUE(host.has_ended());
  std::string said;
  std::ifstream(farewell) >> said;
  EXPECT_EQ(said, "stopped");
  EXPECT_TRUE(std::filesystem::is_empty(directory()));
}

// Whose grace would be five seconds.
TEST_F(Lifetimes, AManagerThatIsToldTwiceKillsWhoIsLeft) {
  auto runtime = Runtime::connect("lab");
  auto counter = runtime.spawn<Counter>(10);
  const OtherProcess host(counter.call<&Counter::pid>().get());
  counter.tell<&Counter::hang>();
  manager_.send(SIGTERM);
  while (has_file("lab.sock")) std::this_thread::yield();  // it has taken the first
  manager_.send(SIGTERM);
  EXPECT_EQ(manager_.wait(), 0);
  EXPECT_TRUE(host.has_ended());
}

TEST_F(Lifetimes, ActorsEndWithAManagerThatIsKilledAndCallersHearIt) {
  auto runtime = Runtime::connect("lab");
  auto counter = runtime.spawn<Counter>({.lifetime = Lifetime::detached}, 10);
  const OtherProcess host(counter.call<&Counter::pid>().get());
  auto hanging = counter.call<&Counter::hang>();
  manager_.kill();
  EXPECT_THROW(hanging.get(), ManagerDied);
  host.wait_ended();
  EXPECT_THROW(runtime.spawn<Counter>(1), ManagerDied);
  EXPECT_THAT(runtime.shutdown().killed, SizeIs(0));
}

TEST_F(Lifetimes, FiftyClientsAtOnceAreServed) {
  auto runtime = Runtime::connect("lab");
  auto counter = runtime.spawn<Counter>({.name = "counter"}, 0);
  std::vector<Program> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(Program::client("lab", {"find", "counter"}));
  for (Program& client : clients) EXPECT_NE(client.line(), "");
  EXPECT_EQ(counter.call<&Counter::add>(1).get(), 251);
}

}  // namespace
}  // namespace troupe::test
