// SPDX-License-Identifier: BSL-1.0
#include <fmt/core.h>

#include "stage.hpp"

namespace troupe::test {

namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A terminal of tmux's, in which a shell carries out these commands. It ends with this object.
class Terminal {
 public:
  Terminal(const std::filesystem::path& folder, const std::string& commands)
      : tmux_("tmux -u -f /dev/null -S " + (folder / "tmux").string()) {
    std::ofstream(folder / "commands") << commands;
    say(fmt::format("new-session -d -x 200 -y 30 /bin/sh {}", (folder / "commands").string()));
  }
  ~Terminal() { say("kill-server"); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void press(const std::string& key) const { say("send-keys " + key); }
  std::string screen() const { return say("capture-pane -p"); }
  // Blocks: until that can be read on it.
  void wait_shown(const std::string& text) const {
    while (screen().find(text) == std::string::npos) std::this_thread::yield();
  }
  void wait_gone(const std::string& text) const {
    while (screen().find(text) != std::string::npos) std::this_thread::yield();
  }

 private:
  std::string say(const std::string& command) const { return Program("/bin/sh", {"-c", tmux_ + " " + command + " 2>&1"}).rest(); }

  const std::string tmux_;
};

class Top : public ActorHostTest {
 protected:
  Top() { ::setenv("LC_ALL", "C.UTF-8", 1); }
  ~Top() override { ::unsetenv("LC_ALL"); }

  // Afterwards it says how that ended, and how the terminal was left.
  Terminal terminal() const {
    return Terminal(folder(), fmt::format("{} top --interval 0.1; echo ended with $?; stty -a | grep -o ' icanon'; read line",
                                          TROUPE_ACTOR_HOST));
  }
};

TEST_F(Top, ShowsActorsAsTheyComeAndLeavesTheTerminalAsItWas) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const Terminal terminal = this->terminal();
  terminal.wait_shown("0 actors");
  const auto one = runtime.spawn<Counter>({.name = "one"}, 1);
  terminal.wait_shown("1 actor, by calls/s");
  EXPECT_THAT(terminal.screen(), HasSubstr(fmt::format("{}  running", one.pid())));
  terminal.press("q");
  terminal.wait_shown(" icanon");
  EXPECT_THAT(terminal.screen(), HasSubstr("ended with 0"));
  EXPECT_THAT(terminal.screen(), Not(HasSubstr("1 actor, by")));
}

TEST_F(Top, SortsAndChooses) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto second = runtime.spawn<Counter>({.name = "second"}, 1);
  const auto first = runtime.spawn<Counter>({.name = "first"}, 1);
  const Terminal terminal = this->terminal();
  terminal.wait_shown("2 actors");  // before that, keys are the shell's
  terminal.press("n");
  terminal.wait_shown("2 actors, by name");
  EXPECT_LT(terminal.screen().find("first"), terminal.screen().find("second"));
  terminal.press("Up");
  terminal.press("k");  // the first one
  terminal.wait_shown("kill first?");
  terminal.press("n");
  terminal.wait_gone("kill first?");
  terminal.press("Down");
  terminal.press("k");
  terminal.wait_shown("kill second?");
  terminal.press("y");
  terminal.wait_shown("1 actor, by name");
  EXPECT_EQ(first.call<&Counter::add>(1).get(), 2);
  EXPECT_THROW(second.call<&Counter::add>(1).get(), ActorDied);
}

TEST_F(Top, StopsAndShowsStacks) {
  const Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto farewell = folder() / "farewell";
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1, farewell.string());
  const Terminal terminal = this->terminal();
  terminal.wait_shown("1 actor");
  terminal.press("t");
  terminal.wait_shown(fmt::format("thread {} (", counter.pid()));
  terminal.press("q");  // back, and no more
  terminal.wait_shown("1 actor");
  terminal.press("s");
  terminal.wait_shown("0 actors");
  EXPECT_TRUE(std::filesystem::exists(farewell));
}

TEST_F(Top, TellsOfTheManagersEnd) {
  Program lab = serve("lab");
  const Terminal terminal = this->terminal();
  terminal.wait_shown("0 actors");
  lab.kill();
  terminal.wait_shown(" icanon");
  EXPECT_THAT(terminal.screen(), HasSubstr("ended with 1"));
  EXPECT_THAT(terminal.screen(), HasSubstr("manager process"));
}

TEST_F(Top, EndsAlsoWhereTheManagerDoesNotAnswer) {
  Program lab = serve("lab");
  const Terminal terminal = this->terminal();
  terminal.wait_shown("0 actors");
  lab.send(SIGSTOP);
  terminal.press("C-c");
  terminal.wait_shown(" icanon");
  EXPECT_THAT(terminal.screen(), HasSubstr("ended with 0"));
  lab.send(SIGCONT);
}

TEST_F(Top, WithoutATerminalSaysWhatToUse) {
  const Program lab = serve("lab");
  expect_refusal(run("top"), 2, "actor-host ps");
}

}  // namespace

}  // namespace troupe::test
