// SPDX-License-Identifier: BSL-1.0
#include "manager/deaths.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace troupe::manager::testing {
namespace {

wire::DeathRecord death(const std::string& name, DeathKind kind = DeathKind::signal) {
  wire::DeathRecord record;
  record.name = name;
  record.cause.kind = kind;
  return record;
}

std::vector<std::string> names_in(const Deaths& deaths, const std::string& name = {}) {
  std::vector<std::string> names;
  for (const auto* each = deaths.find(name, 0); each != nullptr; each = deaths.find(name, each->number))
    names.push_back(each->name);
  return names;
}

TEST(Deaths, AreFoundNewestFirst) {
  Deaths deaths;
  deaths.add(death("one"));
  deaths.add(death("two"));
  EXPECT_EQ(names_in(deaths), (std::vector<std::string>{"two", "one"}));
}

TEST(Deaths, AreFoundByName) {
  Deaths deaths;
  for (const char* name : {"one", "two", "one"}) deaths.add(death(name));
  EXPECT_EQ(names_in(deaths, "one").size(), 2u);
  EXPECT_EQ(names_in(deaths, "three").size(), 0u);
}

TEST(Deaths, AreForgottenOldestFirst) {
  Deaths deaths;
  deaths.add(death("first"));
  for (std::size_t i = 0; i < Deaths::kMost; ++i) deaths.add(death("later"));
  EXPECT_EQ(names_in(deaths), std::vector<std::string>(Deaths::kMost, "later"));
}

TEST(Deaths, ThatWereWantedAreForgottenBeforeOthers) {
  Deaths deaths;
  deaths.add(death("crashed"));
  for (std::size_t i = 0; i < Deaths::kMost + 10; ++i) deaths.add(death("stopped", DeathKind::stopped));
  EXPECT_EQ(names_in(deaths).size(), Deaths::kMost);
  EXPECT_EQ(names_in(deaths, "crashed").size(), 1u);
}

TEST(Deaths, HaveTypesThatFitAMessage) {
  Deaths deaths;
  auto record = death("one");
  record.type.assign(120'000, 'x');
  deaths.add(record);
  EXPECT_LT(deaths.find("one", 0)->type.size(), 20'000u);
}

}  // namespace
}  // namespace troupe::manager::testing
