// SPDX-License-Identifier: BSL-1.0
#include <fmt/core.h>

#include "stage.hpp"

namespace troupe::test {

using Deaths = ActorHostTest;
using ::testing::HasSubstr;

TEST_F(Deaths, OfOneThatWasRestartedAreTold) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter", .restart = {.max = 3}}, 1);
  const int pid = counter.pid();
  EXPECT_THROW(counter.call<&Counter::crash>().get(), ActorDied);
  EXPECT_EQ(counter.call<&Counter::add>(1).get(), 2);
  const Outcome outcome = run("down counter");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.text,
              HasSubstr(fmt::format("  counter (troupe::test::Counter), process {}, life 1, was restarted\n", pid)));
  EXPECT_THAT(outcome.text, HasSubstr("signal 11 (SIGSEGV)"));
  EXPECT_THAT(outcome.text, HasSubstr("Counter::crash"));
}

TEST_F(Deaths, OfOneThatIsGoneAreTold) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  EXPECT_THROW(counter.call<&Counter::crash>().get(), ActorDied);
  counter.wait();
  const Outcome outcome = run("down counter --json");
  ASSERT_EQ(outcome.json().size(), 1u) << outcome.errors;
  const auto death = outcome.json()[0];
  EXPECT_EQ(death["name"], "counter");
  EXPECT_EQ(death["type"], "troupe::test::Counter");
  EXPECT_EQ(death["pid"], counter.pid());
  EXPECT_EQ(death["incarnation"], 1);
  EXPECT_EQ(death["restarted"], false);
  EXPECT_EQ(death["kind"], "signal");
  EXPECT_EQ(death["signal"], SIGSEGV);
  EXPECT_TRUE(death["exit_code"].is_null());
  EXPECT_THAT(death["backtrace"].dump(), HasSubstr("Counter::crash"));
  EXPECT_THAT(death["time"].get<std::string>(), ::testing::MatchesRegex("20..-..-..T..:..:..Z"));
}

TEST_F(Deaths, AreThoseOfAllNewestFirst) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto one = runtime.spawn<Counter>({.name = "one", .restart = {.max = 3}}, 1);
  const auto two = runtime.spawn<Counter>(1);
  EXPECT_THROW(one.call<&Counter::crash>().get(), ActorDied);
  EXPECT_EQ(one.call<&Counter::add>(1).get(), 2);
  EXPECT_THROW(one.call<&Counter::crash>().get(), ActorDied);
  EXPECT_EQ(one.call<&Counter::add>(1).get(), 2);
  two.stop();
  two.wait();
  const auto deaths = run("down --json").json();
  ASSERT_EQ(deaths.size(), 3u);
  EXPECT_EQ(deaths[0]["id"], two.id().value);
  EXPECT_EQ(deaths[0]["kind"], "stopped");
  EXPECT_EQ(deaths[1]["incarnation"], 2);
  EXPECT_EQ(deaths[2]["incarnation"], 1);
  EXPECT_THAT(run("down").text, HasSubstr(fmt::format("  #{} (troupe::test::Counter)", two.id().value)));
}

TEST_F(Deaths, ShowTheLastWordsOfACapturedActor) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter", .stdio = Stdio::capture}, 1);
  counter.tell<&Counter::complain>("what\n\tnow \x1b[2J");
  EXPECT_THROW(counter.call<&Counter::crash>().get(), ActorDied);
  counter.wait();
  EXPECT_THAT(run("down counter").text, HasSubstr("last lines of its stderr:\n  | what\n  | \tnow \\x1b[2J\n"));
}

TEST_F(Deaths, AreNoneWhereNobodyDied) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  EXPECT_EQ(run("down").text, "no death is remembered\n");
  EXPECT_EQ(run("down counter").text, "no death is remembered\n");
  EXPECT_EQ(run("down counter --json").json(), nlohmann::json::array());
}

TEST_F(Deaths, OfNobodySayWhoIsThere) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  expect_refusal(run("down conter"), 4, "there are: counter");
}

}  // namespace troupe::test
