// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sys/wait.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "../named/stage.hpp"

namespace troupe::test {

// What a command has come to. `text`: what it printed; of stderr what `errors` has.
struct Outcome {
  int exit_code = -1;
  std::string text;
  std::string errors;

  nlohmann::json json() const { return nlohmann::json::parse(text); }
};

// A program that has actors, a named manager (actor-host serve --name lab), and commands.
class ActorHostTest : public NamedTest {
 protected:
  Program serve(const std::string& name) const {
    Program program(TROUPE_ACTOR_HOST, {"serve", "--name", name});
    while (!has_file(name + ".sock")) std::this_thread::yield();
    return program;
  }

  // Blocks: until it has ended.
  Outcome run(const std::string& command_line) const {
    const std::string errors = (folder() / "errors").string();
    Program shell("/bin/sh", {"-c", std::string(TROUPE_ACTOR_HOST) + " " + command_line + " 2>" + errors});
    Outcome outcome;
    outcome.text = shell.rest();
    outcome.exit_code = WEXITSTATUS(shell.wait());
    std::ifstream file(errors);
    outcome.errors.assign(std::istreambuf_iterator<char>(file), {});
    return outcome;
  }

  // Bad input has one answer: one line, which says what was wrong, and nothing on stdout.
  static void expect_refusal(const Outcome& outcome, int exit_code, const std::string& words) {
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.errors;
    EXPECT_EQ(outcome.text, "");
    EXPECT_THAT(outcome.errors, ::testing::HasSubstr(words));
    EXPECT_EQ(std::ranges::count(outcome.errors, '\n'), 1) << outcome.errors;
  }
};

}  // namespace troupe::test
