// SPDX-License-Identifier: BSL-1.0
#include "client/spawn_check.hpp"

#include <gmock/gmock.h>
#include <troupe/detail/spawn.hpp>

#include <stdexcept>
#include <string>

namespace troupe::client {
namespace {

using ::testing::HasSubstr;
using On = RestartPolicy::On;

constexpr const char* kNone = "none";

std::string complaint(const SpawnOptions& options, GroupId group = {}) {
  detail::RegistrationNode node{&typeid(int), "", nullptr, nullptr};
  try {
    check({{&node, typeid(int).name(), typeid(void()).name()}, options, {}, detail::OnExisting::fail, nullptr, group});
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return kNone;
}

std::string complaint(const RestartPolicy& policy, GroupId group = {}) { return complaint({.restart = policy}, group); }

TEST(SpawnCheck, TakesTheDefaults) {
  EXPECT_EQ(complaint(SpawnOptions()), kNone);
  EXPECT_EQ(complaint(RestartPolicy()), kNone);
  EXPECT_EQ(complaint({.max = 3, .on = On::any_exit}), kNone);
  EXPECT_NO_THROW(check(RuntimeOptions()));
}

TEST(SpawnCheck, WantsAModuleWhereItsActorIsNamed) {
  EXPECT_EQ(complaint({.module = "libx.so", .actor = "X"}), kNone);
  EXPECT_THAT(complaint({.actor = "X"}), HasSubstr("SpawnOptions::actor is \"X\""));
  EXPECT_THAT(complaint({.module = std::string("a\0b", 3)}), HasSubstr("SpawnOptions::module holds a zero byte"));
}

TEST(SpawnCheck, NamesTheFieldThatHasAValueWhichDoesNotExist) {
  EXPECT_THAT(complaint({.lifetime = static_cast<Lifetime>(2)}), HasSubstr("SpawnOptions::lifetime is 2"));
  EXPECT_THAT(complaint({.restart = {.on = static_cast<On>(3)}}), HasSubstr("SpawnOptions::restart.on is 3"));
  EXPECT_THAT(complaint({.mailbox = {.when_full = static_cast<WhenFull>(4)}}), HasSubstr("SpawnOptions::mailbox.when_full is 4"));
  EXPECT_THAT(complaint({.start = static_cast<StartMethod>(2)}), HasSubstr("SpawnOptions::start is 2"));
  EXPECT_THAT(complaint({.stdio = static_cast<Stdio>(2)}), HasSubstr("SpawnOptions::stdio is 2"));
  EXPECT_THAT(complaint({.security = static_cast<SecurityLevel>(2)}), HasSubstr("SpawnOptions::security is 2"));
  EXPECT_THROW(check(RuntimeOptions{.spin = static_cast<Spin>(2)}), std::invalid_argument);
}

TEST(SpawnCheck, TakesNoPolicyThatSaysToRestartAndNeverWould) {
  EXPECT_THAT(complaint({.on = On::any_exit}), HasSubstr("SpawnOptions::restart.max is 0"));
  EXPECT_THAT(complaint({.max = 3, .on = On::never}), HasSubstr("SpawnOptions::restart.on is never"));
  EXPECT_THAT(complaint({.max = 3, .poison_after = 0}), HasSubstr("SpawnOptions::restart.poison_after must be at least 1"));
}

// There the group says how often.
TEST(SpawnCheck, OfAnActorInAGroupTakesWhatTheGroupDoesNotSay) {
  constexpr GroupId kGroup{7};
  EXPECT_EQ(complaint({.on = On::any_exit}, kGroup), kNone);
  EXPECT_EQ(complaint(RestartPolicy::never, kGroup), kNone);
  EXPECT_THAT(complaint({.max = 3}, kGroup), HasSubstr("SpawnOptions::restart.max has no meaning in a group"));
  EXPECT_THAT(complaint({.poison_after = 0}, kGroup), HasSubstr("restart.poison_after"));
}

TEST(SpawnCheck, TakesOnlyVariablesThatCanBe) {
  const auto with = [](const std::string& name, const std::string& value) {
    return complaint({.environment = {{"GOOD", "value=1"}, {name, value}}});
  };
  EXPECT_EQ(with("ANOTHER", ""), kNone);
  for (const std::string& name : {std::string(), std::string("A=B"), std::string("A\0B", 3)})
    EXPECT_THAT(with(name, "value"), HasSubstr("SpawnOptions::environment has a name that no variable can have"));
  EXPECT_THAT(with("NAME", std::string("cut\0off", 7)), HasSubstr("SpawnOptions::environment: the value of \"NAME\""));
  EXPECT_THAT(complaint({.working_directory = std::string("/tmp\0", 5)}), HasSubstr("SpawnOptions::working_directory"));
}

}  // namespace
}  // namespace troupe::client
