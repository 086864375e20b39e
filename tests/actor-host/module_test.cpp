// SPDX-License-Identifier: BSL-1.0
#include "stage.hpp"

namespace troupe::test {

// Actors of a module, started and called from the command line alone.
class ModuleCommands : public ActorHostTest {
 protected:
  Outcome start(const std::string& options, const std::string& arguments = "") const {
    return run("run --module " TROUPE_TEST_LIBRARY " --actor Bookshelf " + options +
               (arguments.empty() ? "" : " -- " + arguments));
  }
};

TEST_F(ModuleCommands, StartAnActorThatOutlivesThem) {
  const Program lab = serve("lab");
  EXPECT_THAT(start("--name shelf", R"('"Emma"' 2)").text, ::testing::StartsWith("shelf runs in process "));
  const auto actors = run("ps --json").json();
  ASSERT_EQ(actors.size(), 1u);
  EXPECT_EQ(actors[0]["name"], "shelf");
  EXPECT_EQ(actors[0]["type"], "Bookshelf");
  EXPECT_EQ(run("stop shelf").exit_code, 0);
}

TEST_F(ModuleCommands, CallItsMethods) {
  const Program lab = serve("lab");
  start("", R"('"Emma"' 2)");
  EXPECT_EQ(run(R"(call Bookshelf put '"Persuasion"')").text, "3\n");
  EXPECT_EQ(run("call Bookshelf titles").json(), nlohmann::json({"Emma", "Emma", "Persuasion"}));
  EXPECT_EQ(run(R"(call Bookshelf count '"Emma"' | jq '. + 1')").text, "3\n");
  EXPECT_EQ(run("call Bookshelf later -- -5").text, "-4\n");
  EXPECT_EQ(run("call Bookshelf later -5").text, "-4\n");
  EXPECT_EQ(run("call Bookshelf sum '[1, 2]'").text, "3\n");
  expect_refusal(run("call Bookshelf sum '[1, 2]' --loud"), 2, "--loud");
  EXPECT_THAT(run("call Bookshelf").text, ::testing::HasSubstr("put(std::string) -> int\n"));
  const Outcome told = run("tell Bookshelf clear");
  EXPECT_EQ(told.exit_code, 0) << told.errors;
  EXPECT_EQ(told.text, "");
  EXPECT_EQ(run("call Bookshelf titles").text, "[]\n");
}

TEST_F(ModuleCommands, CallWhatAProgramHasSpawned) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1);
  expect_refusal(run("call counter add 5"), 2, "counter is of no module, and cannot be called by name");
  EXPECT_EQ(counter.call<&Counter::add>(1).get(), 2);
}

TEST_F(ModuleCommands, TellWhatWasThrownAndThatItDied) {
  const Program lab = serve("lab");
  start("--name shelf --restarts 1");
  expect_refusal(run("call shelf burn"), 1, "it burns");
  EXPECT_EQ(run("tell shelf burn").exit_code, 0);
  expect_refusal(run("call shelf half"), 1, "names some of its fields");
  EXPECT_EQ(run("tell shelf half").exit_code, 0);
  expect_refusal(run("call shelf crash"), 1, "SIGABRT");
  EXPECT_EQ(run("call shelf titles").text, "[]\n");
  expect_refusal(run("tell shelf crash"), 1, "SIGABRT");
}

TEST_F(ModuleCommands, RefuseWhatIsWrongInOneLineAndStartNothing) {
  const Program lab = serve("lab");
  expect_refusal(run("run --module /nowhere.so --actor X"), 1, "/nowhere.so");
  expect_refusal(run("run --module /etc/passwd --actor X"), 1, "/etc/passwd");
  expect_refusal(run("run --module " TROUPE_TEST_PLAIN_LIBRARY " --actor X"), 1, "has no TROUPE_MODULE");
  expect_refusal(run("run --module " TROUPE_TEST_OTHER_BUILD " --actor X"), 1, "compiled elsewhere");
  expect_refusal(run("run --module " TROUPE_TEST_LIBRARY " --actor Wardrobe"), 1, "it has: Bookshelf, Box");
  expect_refusal(run("run --actor Wardrobe"), 2, "--module");
  expect_refusal(start("", "Emma"), 2, "argument 1 is no JSON: Emma");
  expect_refusal(start("", "5"), 1,
                 "Bookshelf(std::string): argument 1: 5 is not a string; Bookshelf(std::string, int): 1 argument was given");
  expect_refusal(start("", "'\"Emma\"' 101"), 1, "a shelf has room for 100");
  expect_refusal(run("run --module " TROUPE_TEST_LIBRARY " --actor Box -- '[\"\"]'"), 1, "a label is not empty");
  EXPECT_EQ(run("ps --json").json().size(), 0u);
}

TEST_F(ModuleCommands, RefuseWrongCallsInOneLineWithTheSignature) {
  const Program lab = serve("lab");
  start("--name shelf");
  expect_refusal(run("call shelf put 5"), 2, "put(std::string) -> int: argument 1: 5 is not a string");
  expect_refusal(run("call shelf put Emma"), 2, "argument 1 is no JSON: Emma");
  expect_refusal(run("call shelf put"), 2, "0 arguments were given");
  expect_refusal(run("call shelf putt"), 2, "it has: put(std::string) -> int");
  expect_refusal(run("tell shelf put 5"), 2, "5 is not a string");
  expect_refusal(run("call nobody put"), 4, "there are: shelf");
  expect_refusal(start("--name shelf"), 1, "belongs to actor");
  EXPECT_EQ(run("call shelf titles").text, "[]\n");
}

}  // namespace troupe::test
