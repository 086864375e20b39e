// SPDX-License-Identifier: BSL-1.0
// Who has a name, and where it is looked for.
#include <sys/stat.h>

#include <fstream>

#include "manager/named.hpp"
#include "stage.hpp"

namespace troupe::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

using Name = NamedTest;

std::string refusal_to_serve(const std::string& name) {
  return text_of<std::exception>([&] { manager::serve({.name = name}); });
}

TEST_F(Name, JoinsItsManagerAndSpawns) {
  const Program manager = Program::serve("lab");
  auto runtime = Runtime::connect("lab");
  auto counter = runtime.spawn<Counter>(10);
  EXPECT_EQ(counter.call<&Counter::add>(5).get(), 15);
}

TEST_F(Name, OfNobodyIsAnErrorThatSaysWhereAndHow) {
  EXPECT_THAT(text_of<StartError>([] { (void)Runtime::connect("lab"); }),
              AllOf(HasSubstr("\"lab\""), HasSubstr(directory().string()), HasSubstr("actor-host serve --name lab")));
  EXPECT_FALSE(fs::exists(directory()));
}

TEST_F(Name, HasLettersDigitsDotsUnderscoresAndDashesOnly) {
  for (const std::string& name : {std::string(), std::string(".lab"), std::string("a/b"), std::string("a b"), std::string("ä"),
                                  std::string("a\0b", 3), std::string(65, 'x')}) {
    EXPECT_THAT(text_of<std::invalid_argument>([&] { (void)Runtime::connect(name); }), HasSubstr("1 to 64 letters"));
    EXPECT_THAT(text_of<std::invalid_argument>([&] { manager::serve({.name = name}); }), HasSubstr("1 to 64 letters"));
  }
}

TEST_F(Name, MayHave64Characters) {
  const std::string name = "A-z_0." + std::string(58, 'x');
  const Program manager = Program::serve(name);
  EXPECT_TRUE(Runtime::connect(name).actors().empty());
}

TEST_F(Name, BelongsToOneManager) {
  const Program manager = Program::serve("lab");
  EXPECT_THAT(text_of<DuplicateName>([&] { manager::serve({.name = "lab"}); }), HasSubstr(std::to_string(manager.pid())));
  EXPECT_TRUE(Runtime::connect("lab").actors().empty());
}

TEST_F(Name, OfTwoManagersAreTwo) {
  const Program one = Program::serve("one");
  const Program two = Program::serve("two");
  auto runtime = Runtime::connect("one");
  auto counter = runtime.spawn<Counter>({.name = "counter"}, 10);
  EXPECT_FALSE(Runtime::connect("two").find<Counter>("counter"));
}

TEST_F(Name, IsTakenOverFromOneThatWasKilled) {
  Program first = Program::serve("lab");
  first.kill();
  EXPECT_TRUE(has_file("lab.sock"));
  EXPECT_THAT(text_of<StartError>([] { (void)Runtime::connect("lab"); }), HasSubstr("no manager named"));
  const Program second = Program::serve("lab");
  EXPECT_TRUE(Runtime::connect("lab").actors().empty());
}

TEST_F(Name, IsFreeAgainWithNoFileLeftWhenItsManagerWasToldToEnd) {
  Program manager = Program::serve("lab");
  manager.send(SIGTERM);
  EXPECT_EQ(manager.wait(), 0);
  EXPECT_TRUE(fs::is_empty(directory()));
  const Program second = Program::serve("lab");
}

TEST_F(Name, DirectoryIsMadeForItsUserAlone) {
  const Program manager = Program::serve("lab");
  EXPECT_EQ(fs::status(directory()).permissions(), fs::perms::owner_all);
}

TEST_F(Name, DirectoryThatOthersMayUseIsRefused) {
  fs::create_directory(directory());
  fs::permissions(directory(), fs::perms(0750));
  EXPECT_THAT(refusal_to_serve("lab"), AllOf(HasSubstr(directory().string()), HasSubstr("0750")));
  EXPECT_THAT(text_of<StartError>([] { (void)Runtime::connect("lab"); }), HasSubstr("0750"));
}

TEST_F(Name, DirectoryThatIsALinkIsRefused) {
  fs::create_directory(folder() / "elsewhere");
  fs::permissions(folder() / "elsewhere", fs::perms::owner_all);
  fs::create_symlink("elsewhere", directory());
  EXPECT_THAT(refusal_to_serve("lab"), HasSubstr("it is no directory"));
  EXPECT_THAT(text_of<StartError>([] { (void)Runtime::connect("lab"); }), HasSubstr("it is no directory"));
}

TEST_F(Name, DirectoryThatIsAFileIsRefused) {
  std::ofstream(directory()) << "a file";
  EXPECT_THAT(refusal_to_serve("lab"), HasSubstr("it is no directory"));
}

}  // namespace
}  // namespace troupe::test
