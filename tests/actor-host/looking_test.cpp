// SPDX-License-Identifier: BSL-1.0
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/core.h>

#include "stage.hpp"

namespace troupe::test {

using Looking = ActorHostTest;
using ::testing::HasSubstr;

TEST_F(Looking, PsShowsWhatIsKnownOfAnActor) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  counter.call<&Counter::add>(1).get();
  const auto list = run("ps --json --interval 0.01").json();
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0]["name"], "counter");
  EXPECT_EQ(list[0]["type"], "troupe::test::Counter");
  EXPECT_EQ(list[0]["pid"], counter.pid());
  EXPECT_EQ(list[0]["state"], "running");
  EXPECT_EQ(list[0]["incarnation"], 1);
  EXPECT_EQ(list[0]["calls_handled"], 1);
  EXPECT_EQ(list[0]["restarts"], 0);
  EXPECT_GT(list[0]["memory_bytes"], 0);
  EXPECT_TRUE(list[0]["running"].is_null());
  EXPECT_TRUE(list[0]["last_death"].is_null());
}

TEST_F(Looking, PsShowsWhatAnActorRunsAndWhatWaits) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  counter.tell<&Counter::hang>();
  counter.tell<&Counter::add>(1);
  nlohmann::json actor;
  do {
    actor = run("ps --json --interval 0.01").json().at(0);
  } while (actor["running"].is_null());
  EXPECT_THAT(actor["running"].get<std::string>(), HasSubstr("Counter::hang"));
  EXPECT_GE(actor["running_seconds"], 0.0);
  EXPECT_EQ(actor["mailbox_depth"], 2);
  EXPECT_THAT(run("ps").text, HasSubstr("Counter::hang since"));
  counter.kill();
}

TEST_F(Looking, PsTellsOfTheLastDeath) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter", .restart = {.max = 3}}, 1);
  EXPECT_THROW(counter.call<&Counter::crash>().get(), ActorDied);
  EXPECT_EQ(counter.call<&Counter::add>(1).get(), 2);
  const auto actor = run("ps --json --interval 0.01").json().at(0);
  EXPECT_EQ(actor["restarts"], 1);
  EXPECT_EQ(actor["last_death"], runtime.actors().at(0).last_death->text());
}

TEST_F(Looking, PsOfNobodyIsAnEmptyTable) {
  const Program lab = serve("lab");
  EXPECT_EQ(run("ps --json --interval 0.01").json(), nlohmann::json::array());
  EXPECT_THAT(run("ps --interval 0.01").text, HasSubstr("NAME"));
}

TEST_F(Looking, TreeShowsThoseOfProgramsAtTheTop) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto one = runtime.spawn<Counter>({.name = "one"}, 1);
  const auto two = runtime.spawn<Counter>(1);
  EXPECT_EQ(run("tree").text,
            fmt::format("one (troupe::test::Counter) pid {} running\n#{} (troupe::test::Counter) pid {} running\n", one.pid(),
                        two.id().value, two.pid()));
  const auto trees = run("tree --json").json();
  ASSERT_EQ(trees.size(), 2u);
  EXPECT_EQ(trees[0]["name"], "one");
  EXPECT_EQ(trees[0]["children"], nlohmann::json::array());
}

TEST_F(Looking, TablesHaveNoColoursInAPipe) {
  const Program lab = serve("lab");
  EXPECT_THAT(run("ps --interval 0.01").text, ::testing::Not(HasSubstr("\x1b")));
}

TEST_F(Looking, NamesHarmNoTerminal) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "a\x1b[2Jb"}, 1);
  EXPECT_THAT(run("ps --interval 0.01").text, HasSubstr("a\\x1b[2Jb"));
  EXPECT_EQ(run("ps --json --interval 0.01").json().at(0)["name"], "a\x1b[2Jb");
}

// A control of 8-bit terminals, and two that turn what follows around.
TEST_F(Looking, NamesDisguiseNothing) {
  const std::string name = "a\u009b2J\u202eb\u2066\xff ä";
  const std::string spelled = "a\\u009b2J\\u202eb\\u2066\\xff ä";
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = name}, 1);
  EXPECT_THAT(run("ps --interval 0.01").text, HasSubstr(spelled));
  EXPECT_THAT(run("tree").text, HasSubstr(spelled));
  EXPECT_THAT(run("stop nobody").errors, HasSubstr(spelled));
  EXPECT_THAT(run("stop '" + name + "x'").errors, HasSubstr("\"" + spelled + "x\""));
  const Outcome json = run("ps --json --interval 0.01");
  EXPECT_TRUE(std::ranges::all_of(json.text, [](unsigned char c) { return c < 0x7F; }));
  EXPECT_EQ(json.json().at(0)["name"], "a\u009b2J\u202eb\u2066\uFFFD ä");
}

TEST_F(Looking, TheManagerIsNamedByOptionOrEnvironment) {
  const Program one = serve("one");
  const Program two = serve("two");
  auto runtime = Runtime::connect("two");
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  EXPECT_EQ(run("ps --json --interval 0.01 -m one").json().size(), 0u);
  EXPECT_EQ(run("ps --json --interval 0.01 --manager two").json().size(), 1u);
  ::setenv("TROUPE_MANAGER", "two", 1);
  EXPECT_EQ(run("ps --json --interval 0.01").json().size(), 1u);
  ::unsetenv("TROUPE_MANAGER");
}

TEST_F(Looking, JsonGoesThroughJq) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  EXPECT_EQ(run("ps --json --interval 0.01 | jq -r '.[] | select(.state == \"running\") | .name'").text, "counter\n");
}

TEST_F(Looking, DoctorFindsWhatKilledManagersLeave) {
  Program lab = serve("lab");
  lab.kill();
  const Outcome outcome = run("doctor --json");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text;
  bool is_found = false;
  for (const auto& each : outcome.json()) {
    if (each["subject"] != "leftovers") continue;
    is_found = true;
    EXPECT_EQ(each["health"], "warning");
    EXPECT_THAT(each["text"].get<std::string>(), HasSubstr("lab"));
    EXPECT_THAT(each["advice"].get<std::string>(), HasSubstr("remove"));
  }
  EXPECT_TRUE(is_found);
}

TEST_F(Looking, PassesSocketsOfOthersBy) {
  const Program lab = serve("lab");
  const int stranger = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  const std::string path = (directory() / "other.sock").string();
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  path.copy(address.sun_path, path.size());
  ASSERT_EQ(::bind(stranger, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::listen(stranger, 1), 0);
  EXPECT_EQ(run("doctor").exit_code, 0);
  EXPECT_EQ(run("ps --json --interval 0.01").exit_code, 0);
  ::close(stranger);
}

TEST_F(Looking, DoctorFailsWhereNoManagerCouldBe) {
  std::filesystem::create_directory(directory());
  std::filesystem::permissions(directory(), std::filesystem::perms::all);
  const Outcome outcome = run("doctor");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.text, HasSubstr("chmod 700"));
}

TEST_F(Looking, EachCommandShowsAnExample) {
  for (const std::string command : {"serve", "ps", "top", "tree", "stack", "down", "logs", "restart", "stop", "drain", "kill",
                                    "metrics", "doctor", "completion"}) {
    const Outcome outcome = run(command + " --help");
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_THAT(outcome.text, HasSubstr("Example: ")) << command;
  }
}

TEST_F(Looking, BashCompletesCommandsAndOptions) {
  EXPECT_EQ(run("completion bash > " + (folder() / "completion").string()).exit_code, 0);
  const std::string source = "/dev/null; bash -c '. " + (folder() / "completion").string() + "; ";
  EXPECT_EQ(run("--version >" + source + "COMP_WORDS=(actor-host s); COMP_CWORD=1; _actor_host; echo ${COMPREPLY[@]}'").text,
            "serve stack stop\n");
  EXPECT_EQ(run("--version >" + source + "COMP_WORDS=(actor-host ps --j); COMP_CWORD=2; _actor_host; echo ${COMPREPLY[@]}'").text,
            "--json\n");
}

}  // namespace troupe::test
