// SPDX-License-Identifier: BSL-1.0
// Actors that end together.
#include <gmock/gmock.h>
#include <unistd.h>
#include <troupe/testing.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <vector>

#include "actors.hpp"
#include "gate.hpp"
#include "processes.hpp"

namespace troupe::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr RestartPolicy kAtOnce = {.max = 5, .backoff = {.first = 0s}};

class Partner {
 public:
  Partner() = default;
  // Leaves a note when it is destroyed.
  explicit Partner(std::string path) : path_(std::move(path)) {}
  ~Partner() {
    if (!path_.empty()) std::ofstream(path_) << "it was destroyed";
  }

  int ok() { return 1; }
  void hold(const std::string& gate) { wait_at(gate); }
  void crash() {
    std::signal(SIGABRT, SIG_DFL);
    std::abort();
  }
  void leave(int code) { std::exit(code); }
  void spin() {
    for (;;) ::getppid();
  }

 private:
  std::string path_;
};

// Links others, and is killed.
class Matchmaker {
 public:
  void link(const Proxy<Partner>& one, const Proxy<Partner>& other) { one.link(other); }
  int pid() const { return ::getpid(); }
};

class Links : public testing::RuntimeTest {
 protected:
  Proxy<Partner> partner(SpawnOptions options = {}) { return runtime().spawn<Partner>(options); }
  // How it ended. Blocks: until it has.
  static DeathCause cause_of_end(const Proxy<Partner>& partner) {
    std::promise<DeathCause> cause;
    partner.on_down([&](const Down& down) { cause.set_value(down.cause); });
    return cause.get_future().get();
  }
  static void crash(const Proxy<Partner>& partner) { EXPECT_TRUE(has_failed_with<ActorDied>(partner.call<&Partner::crash>())); }
  // The manager has dealt with all that has been said to it, and with the ends of those that are down.
  void settle() { runtime().actors(); }
  std::string file() const { return (folder_.path() / "note").string(); }

 private:
  const TemporaryFolder folder_;
};

TEST_F(Links, ACrashTakesTheOtherAlong) {
  auto one = partner();
  auto other = partner({.start = StartMethod::spawn});
  one.link(other);
  crash(one);

  const DeathCause cause = cause_of_end(other);

  EXPECT_EQ(cause.kind, DeathKind::linked);
  EXPECT_THAT(cause.text(), HasSubstr("an actor that it was linked to ended"));
  EXPECT_THAT(cause.text(), HasSubstr("actor " + std::to_string(one.id().value)));
  EXPECT_THAT(cause.text(), HasSubstr("Partner): killed by signal 6"));
  EXPECT_EQ(other.wait(), ExitStatus{});
}

TEST_F(Links, GoBothWays) {
  auto one = partner({.start = StartMethod::spawn});
  auto other = partner();
  one.link(other);
  crash(other);
  EXPECT_EQ(cause_of_end(one).kind, DeathKind::linked);
}

TEST_F(Links, LetTheOtherFinishAndBeDestroyed) {
  Gate gate;
  auto one = partner();
  auto other = runtime().spawn<Partner>(file());
  one.link(other);
  const auto held = other.call<&Partner::hold>(gate.path());
  const auto next = other.call<&Partner::ok>();
  gate.wait_reached();
  crash(one);
  one.wait();
  settle();
  gate.let_go();
  held.get();
  EXPECT_EQ(next.get(), 1);
  EXPECT_EQ(cause_of_end(other).kind, DeathKind::linked);
  EXPECT_TRUE(std::filesystem::exists(file()));
}

TEST_F(Links, TakeAlongWhoeverIsLinkedToThem) {
  std::vector<Proxy<Partner>> chain;
  for (int i = 0; i < 5; ++i) chain.push_back(partner());
  for (std::size_t i = 1; i < chain.size(); ++i) chain[i].link(chain[i - 1]);
  crash(chain[0]);
  for (std::size_t i = 1; i < chain.size(); ++i) EXPECT_EQ(cause_of_end(chain[i]).kind, DeathKind::linked);
}

TEST_F(Links, NameAllWhomAnEndCameFromAndTellOnceWhatWasUsed) {
  auto first = partner({.name = "first"});
  auto second = partner({.name = "second"});
  auto third = partner();
  third.link(second);
  second.link(first);
  crash(first);

  const std::string text = cause_of_end(third).text();

  EXPECT_THAT(text, HasSubstr("actor " + std::to_string(second.id().value) + " \"second\" ("));
  EXPECT_THAT(text, HasSubstr("actor " + std::to_string(first.id().value) + " \"first\" ("));
  EXPECT_EQ(text.find("it had used"), text.rfind("it had used")) << text;
}

TEST_F(Links, MayBeACircle) {
  std::vector<Proxy<Partner>> circle;
  for (int i = 0; i < 4; ++i) circle.push_back(partner());
  for (std::size_t i = 0; i < circle.size(); ++i) circle[i].link(circle[(i + 1) % circle.size()]);
  crash(circle[2]);
  for (const auto& each : circle) each.wait();
  EXPECT_TRUE(runtime().actors().empty());
}

TEST_F(Links, AKillTakesTheOtherAlong) {
  auto one = partner();
  auto other = partner();
  one.link(other);
  one.kill();
  EXPECT_THAT(cause_of_end(other).text(), HasSubstr("killed by troupe on request"));
}

TEST_F(Links, AnExitWithAnErrorTakesTheOtherAlong) {
  auto one = partner();
  auto other = partner();
  one.link(other);
  one.tell<&Partner::leave>(3);
  EXPECT_THAT(cause_of_end(other).text(), HasSubstr("exited with code 3"));
}

TEST_F(Links, AHangThatIsKilledTakesTheOtherAlong) {
  auto one = partner({.hang = {.after = 100ms, .kill = true}});
  auto other = partner();
  one.link(other);
  one.tell<&Partner::spin>();
  EXPECT_THAT(cause_of_end(other).text(), HasSubstr("killed because it hung"));
}

TEST_F(Links, ANormalEndHarmsNobody) {
  auto other = partner();
  auto stopped = partner();
  auto left = partner();
  auto dropped = partner();
  for (const auto& each : {stopped, left, dropped}) each.link(other);
  stopped.stop();
  left.tell<&Partner::leave>(0);
  dropped = {};
  stopped.wait();
  left.wait();
  while (runtime().actors().size() != 1) ::usleep(1000);
  EXPECT_EQ(other.call<&Partner::ok>().get(), 1);
}

// It was asked to stop; how long that took is no failure.
TEST_F(Links, AGraceThatRunsOutHarmsNobody) {
  Gate gate;
  auto one = partner();
  auto other = partner();
  one.link(other);
  one.tell<&Partner::hold>(gate.path());
  gate.wait_reached();
  one.stop(0s);
  EXPECT_EQ(cause_of_end(one).kind, DeathKind::killed_by_us);
  settle();
  EXPECT_EQ(other.call<&Partner::ok>().get(), 1);
}

TEST_F(Links, LastThroughRestartsAndEndWithTheLastLife) {
  auto one = partner({.restart = {.max = 2, .backoff = {.first = 0s}}});
  auto other = partner({.restart = kAtOnce});
  one.link(other);
  for (unsigned life = 1; life <= 2; ++life) {
    crash(one);
    EXPECT_EQ(one.call<&Partner::ok>().get(), 1);
    EXPECT_EQ(one.incarnation(), life + 1);
    EXPECT_EQ(other.call<&Partner::ok>().get(), 1);
  }
  crash(one);
  EXPECT_EQ(cause_of_end(other).kind, DeathKind::linked);  // for good, whatever its own policy is
}

TEST_F(Links, ReachOneThatIsBetweenTwoLives) {
  auto one = partner();
  auto other = partner({.restart = {.max = 5, .backoff = {.first = 1h, .most = 1h}}});
  one.link(other);
  try {
    other.call<&Partner::crash>().get();
  } catch (const ActorDied& died) {
    EXPECT_EQ(died.cause().signal, SIGABRT);  // the manager knows of it, too
  }
  crash(one);
  EXPECT_EQ(cause_of_end(other).kind, DeathKind::linked);
}

TEST_F(Links, OfAMemberTakeItOutOfItsGroup) {
  auto group = runtime().supervise({.strategy = Strategy::one_for_all, .intensity = {3, 1h}});
  auto member = group.spawn<Partner>();
  auto sibling = group.spawn<Partner>();
  auto other = partner();
  other.link(member);
  crash(other);
  EXPECT_EQ(cause_of_end(member).kind, DeathKind::linked);
  EXPECT_EQ(sibling.call<&Partner::ok>().get(), 1);
  EXPECT_EQ(sibling.incarnation(), 1u);
  group.stop();
}

TEST_F(Links, OfAGroupThatGivesUpTakeOthersAlong) {
  auto group = runtime().supervise({.intensity = {0, 1h}});
  auto failing = group.spawn<Partner>();
  auto sibling = group.spawn<Partner>();
  auto other = partner();
  sibling.link(other);
  crash(failing);
  EXPECT_EQ(cause_of_end(other).kind, DeathKind::linked);
}

TEST_F(Links, MayBeCut) {
  auto one = partner();
  auto other = partner();
  one.link(other);
  one.link(other);  // once more is no more
  other.unlink(one);
  one.unlink(other);
  crash(one);
  one.wait();
  settle();
  EXPECT_EQ(other.call<&Partner::ok>().get(), 1);
}

TEST_F(Links, ToTheDeadActAtOnce) {
  auto one = partner();
  auto other = partner();
  crash(one);
  one.wait();
  other.link(one);
  EXPECT_EQ(cause_of_end(other).kind, DeathKind::linked);
}

TEST_F(Links, ToOneThatEndedAsItShouldAreNothing) {
  auto one = partner();
  auto other = partner();
  one.stop();
  one.wait();
  other.link(one);
  settle();
  EXPECT_EQ(other.call<&Partner::ok>().get(), 1);
}

TEST_F(Links, OutliveWhoMadeThem) {
  auto one = partner();
  auto other = partner();
  auto matchmaker = runtime().spawn<Matchmaker>();
  matchmaker.call<&Matchmaker::link>(one, other).get();
  const OtherProcess host(matchmaker.pid());
  host.kill();
  host.wait_ended();
  matchmaker.wait();
  crash(one);
  EXPECT_EQ(cause_of_end(other).kind, DeathKind::linked);
}

TEST_F(Links, AreOfTwoActorsOfOneRuntime) {
  auto one = partner();
  EXPECT_THROW(one.link(one), std::invalid_argument);
  EXPECT_THROW(one.unlink(one), std::invalid_argument);
  EXPECT_THROW(one.link(Proxy<Partner>()), std::logic_error);
  EXPECT_THROW(Proxy<Partner>().link(one), std::logic_error);
  Runtime elsewhere;
  EXPECT_THROW(one.link(elsewhere.spawn<Partner>()), std::invalid_argument);
}

}  // namespace
}  // namespace troupe::test
