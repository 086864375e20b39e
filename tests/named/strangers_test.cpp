// SPDX-License-Identifier: BSL-1.0
// Programs that are not the same build, at one manager.
#include <algorithm>

#include "platform/executable.hpp"
#include "stage.hpp"

namespace troupe::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Strangers : public NamedTest {
 protected:
  static Program stranger(std::vector<std::string> task) {
    task.insert(task.begin(), "lab");
    return {TROUPE_TEST_STRANGER, std::move(task)};
  }
  static std::string own_build_id() { return platform::loaded_modules()[0].build_id; }
  static std::filesystem::path program_of(int pid) {
    return std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/exe");
  }

  Program manager_ = Program::serve("lab");
};

TEST_F(Strangers, HaveTheirActorsInTheirOwnPrograms) {
  auto runtime = Runtime::connect("lab");
  auto ours = runtime.spawn<Counter>(10);
  Program other = stranger({"spawn", "theirs"});
  const int theirs = std::stoi(other.line());
  EXPECT_EQ(program_of(theirs), std::filesystem::canonical(TROUPE_TEST_STRANGER));
  EXPECT_EQ(program_of(ours.call<&Counter::pid>().get()), std::filesystem::read_symlink("/proc/self/exe"));
}

TEST_F(Strangers, CannotCallEachOthersActors) {
  auto runtime = Runtime::connect("lab");
  auto counter = runtime.spawn<Counter>({.name = "counter"}, 10);
  Program other = stranger({"find", "counter"});
  EXPECT_THAT(other.line(),
              AllOf(StartsWith("IncompatibleInterface"), HasSubstr("troupe-test-stranger"), HasSubstr(own_build_id())));
  EXPECT_EQ(counter.call<&Counter::add>(5).get(), 15);
}

TEST_F(Strangers, ZygoteEndsWithTheLastThatUsesTheProgram) {
  auto runtime = Runtime::connect("lab");
  auto ours = runtime.spawn<Counter>(10);
  const OtherProcess our_zygote = OtherProcess::child(manager_.pid(), "troupe-zygote");
  Program other = stranger({"detach", "theirs"});
  other.line();
  std::vector<OtherProcess> zygotes;
  zygotes.push_back(OtherProcess::child_but(manager_.pid(), "troupe-zygote", our_zygote.pid()));
  other.kill();
  EXPECT_EQ(runtime.actors().size(), 2u);
  EXPECT_FALSE(zygotes[0].has_ended());  // of an actor that may be started again
  for (const ActorInfo& each : runtime.actors()) {
    if (each.name == "theirs") OtherProcess(each.pid).kill();
  }
  zygotes[0].wait_ended();
  EXPECT_FALSE(our_zygote.has_ended());
  EXPECT_EQ(ours.call<&Counter::add>(5).get(), 15);
}

TEST_F(Strangers, ZygoteIsStartedAgainForWhoComesBack) {
  Program first = stranger({"spawn", "theirs"});
  first.line();
  const OtherProcess zygote = OtherProcess::child(manager_.pid(), "troupe-zygote");
  first.kill();
  zygote.wait_ended();
  Program second = stranger({"spawn", "theirs"});
  EXPECT_GT(std::stoi(second.line()), 0);
}

}  // namespace
}  // namespace troupe::test
