// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>

#include "wire/registry.hpp"

namespace troupe::test {
namespace {

struct Hidden {};

TEST(ReadableType, LeavesOutWhatOnlyCompilersWantToKnow) {
  EXPECT_EQ(wire::readable_type(typeid(std::string).name()), "std::string");
  EXPECT_EQ(wire::readable_type(typeid(Hidden).name()), "troupe::test::Hidden");
}

// pair<T, T> of a pair<U, U> of …, so many deep, as a compiler spells it: each level costs six bytes and doubles the name.
std::string nested_pairs(int levels) {
  constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::string name = "St4pairI";
  for (int i = 1; i < levels; ++i) name += "S_I";
  name += "iiE";
  for (std::size_t i = 0; i + 1 < static_cast<std::size_t>(levels); ++i) {
    name += 'S';
    if (i >= kDigits.size()) name += kDigits[i / kDigits.size()];
    name += kDigits[i % kDigits.size()];
    name += "_E";
  }
  return name;
}

TEST(ReadableType, AFewLevelsAreReadable) {
  EXPECT_EQ(wire::readable_type(nested_pairs(2).c_str()), "std::pair<std::pair<int, int>, std::pair<int, int> >");
}

TEST(ReadableType, ANameThatStandsForGigabytesIsGivenAsItIs) {
  EXPECT_EQ(wire::readable_type(nested_pairs(40).c_str()), nested_pairs(40));
}

TEST(ReadableType, ALongNameIsGivenAsItIs) {
  const std::string name = "1024" + std::string(1024, 'x');
  EXPECT_EQ(wire::readable_type(name.c_str()), name);
}

template <class Function>
std::string signature_of() {
  return wire::readable_signature("add", typeid(Function).name());
}

TEST(ReadableSignature, SaysWhatAMethodTakesAndReturns) {
  EXPECT_EQ(signature_of<int(int)>(), "add(int) -> int");
  EXPECT_EQ(signature_of<void()>(), "add() -> void");
  EXPECT_EQ(signature_of<bool(std::string, double)>(), "add(std::string, double) -> bool");
  EXPECT_EQ(signature_of<Hidden(Hidden)>(), "add(troupe::test::Hidden) -> troupe::test::Hidden");
}

TEST(ReadableSignature, IsNotMisledByParenthesesInTypes) {
  using Callbacks = std::pair<void (*)(int), int>;
  EXPECT_EQ(signature_of<Callbacks(Callbacks)>(), "add(std::pair<void (*)(int), int>) -> std::pair<void (*)(int), int>");
}

TEST(ReadableSignature, GivesWhatIsNoFunctionTypeWhole) {
  EXPECT_EQ(signature_of<int>(), "add: int");
  EXPECT_EQ(wire::readable_signature("add", nested_pairs(40).c_str()), "add: " + nested_pairs(40));
  EXPECT_EQ(wire::readable_signature("add", ""), "add: ");
}

}  // namespace
}  // namespace troupe::test
