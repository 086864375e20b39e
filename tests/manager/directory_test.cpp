// SPDX-License-Identifier: BSL-1.0
#include "manager/directory.hpp"

#include <gtest/gtest.h>

#include "manager/obituaries.hpp"

namespace troupe::manager {
namespace {

TEST(Directory, ANameHasOneOwner) {
  Directory directory;
  EXPECT_TRUE(directory.reserve("one", ActorId{1}));
  EXPECT_FALSE(directory.reserve("one", ActorId{2}));
  EXPECT_EQ(directory.find("one"), ActorId{1});
}

TEST(Directory, OnlyTheOwnerReleasesIt) {
  Directory directory;
  directory.reserve("one", ActorId{1});
  directory.release("one", ActorId{2});
  EXPECT_EQ(directory.find("one"), ActorId{1});
  directory.release("one", ActorId{1});
  EXPECT_EQ(directory.find("one"), ActorId());
}

TEST(Directory, NoNameIsNobodys) {
  Directory directory;
  EXPECT_TRUE(directory.reserve("", ActorId{1}));
  EXPECT_TRUE(directory.reserve("", ActorId{2}));
  EXPECT_EQ(directory.find(""), ActorId());
}

Obituaries::Obituary obituary_of(std::uint64_t actor) {
  Obituaries::Obituary obituary{{actor, actor}, {}};
  obituary.down.actor = ActorId{actor};
  return obituary;
}

TEST(Obituaries, AreForThoseWhoKnowTheKey) {
  Obituaries obituaries;
  obituaries.add(obituary_of(1));
  EXPECT_NE(obituaries.find(ActorId{1}, {1, 1}), nullptr);
  EXPECT_EQ(obituaries.find(ActorId{1}, {1, 2}), nullptr);
}

TEST(Obituaries, ForgetTheOldest) {
  Obituaries obituaries;
  for (std::uint64_t actor = 1; actor <= Obituaries::kMost + 1; ++actor) obituaries.add(obituary_of(actor));
  EXPECT_EQ(obituaries.find(ActorId{1}, {1, 1}), nullptr);
  EXPECT_NE(obituaries.find(ActorId{2}, {2, 2}), nullptr);
}

}  // namespace
}  // namespace troupe::manager
