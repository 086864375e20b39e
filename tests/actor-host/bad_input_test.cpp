// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <vector>

#include "platform/named_socket.hpp"
#include "stage.hpp"

namespace troupe::test {

using Misuse = ActorHostTest;

TEST_F(Misuse, WithoutACommandTheHelpIsNamed) { expect_refusal(run(""), 2, "--help"); }

TEST_F(Misuse, OfAnUnknownCommandNamesIt) { expect_refusal(run("pss"), 2, "pss"); }

TEST_F(Misuse, OfAnUnknownOptionNamesIt) { expect_refusal(run("ps --jason"), 2, "--jason"); }

TEST_F(Misuse, OfANumberNamesTheOption) { expect_refusal(run("ps --interval soon"), 2, "--interval"); }

TEST_F(Misuse, OfTheGraceNamesItsRange) { expect_refusal(run("stop it --grace -1"), 2, "--grace"); }

TEST_F(Misuse, OfTheGraceIsAlsoNoNumber) { expect_refusal(run("stop it --grace nan"), 2, "--grace"); }

TEST_F(Misuse, ExitsWithItsCodeWhereNothingCanBeSaid) {
  const std::string quiet = "( " + std::string(TROUPE_ACTOR_HOST) + " ps --manager lab 2>/dev/full; echo $? )";
  EXPECT_EQ(run("--version >/dev/null; " + quiet).text, "3\n");
  EXPECT_EQ(run("doctor >/dev/full").exit_code, 1);
}

TEST_F(Misuse, WithoutAnActorsNameSaysSo) { expect_refusal(run("stop"), 2, "NAME"); }

TEST_F(Misuse, OfAManagersNameSaysWhichAreAllowed) { expect_refusal(run("serve --name ../lab"), 2, "managers' names are"); }

TEST_F(Misuse, WithoutAnyManagerSaysHowToStartOne) { expect_refusal(run("ps"), 3, "actor-host serve --name NAME"); }

TEST_F(Misuse, OfAManagerThatIsNotThereSaysHowToStartIt) {
  expect_refusal(run("ps --manager lab"), 3, "actor-host serve --name lab");
}

TEST_F(Misuse, OfAManagerThatIsFullSaysSo) {
  const Program lab("/bin/sh", {"-c", "ulimit -n 64; exec " TROUPE_ACTOR_HOST " serve --name lab"});
  while (!has_file("lab.sock")) std::this_thread::yield();
  std::vector<platform::ControlSocket> silent;
  for (int i = 0; i < 60; ++i)
    silent.push_back(std::move(platform::connect_to_named("lab", std::chrono::steady_clock::time_point::max())->socket));
  expect_refusal(run("ps --manager lab"), 1, "no more open files");
}

TEST_F(Misuse, WhereSeveralManagersAreNamesThem) {
  const Program one = serve("one");
  const Program two = serve("two");
  expect_refusal(run("tree"), 3, "--manager one (or two)");
}

TEST_F(Misuse, OfAnActorThatIsNotThereNamesThoseThatAre) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  expect_refusal(run("stop countr"), 4, "there are: counter");
}

TEST_F(Misuse, OfOneOfSeveralActorsDoesNothingToTheOthers) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  expect_refusal(run("kill counter nobody"), 4, "\"nobody\"");
  EXPECT_EQ(counter.call<&Counter::add>(1).get(), 2);
}

TEST_F(Misuse, OfANameThatIsTakenNamesTheProcess) {
  const Program lab = serve("lab");
  expect_refusal(run("serve --name lab"), 1, std::to_string(lab.pid()));
}

}  // namespace troupe::test
