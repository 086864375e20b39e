// SPDX-License-Identifier: BSL-1.0
#include "wire/registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/error.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace troupe::wire {
namespace {

using detail::RegistrationNode;
using ::testing::HasSubstr;

struct Plain {};
struct Fancy {};

RegistrationNode node(const std::type_info& type = typeid(Plain), const char* signature = "text") {
  return {&type, signature, nullptr, nullptr};
}

// A pretended library: some nodes side by side, and the range that holds them.
template <std::size_t kCount>
struct Library {
  std::array<RegistrationNode, kCount> nodes;

  ModuleRange range(std::string path, std::string build_id = {}) const {
    const auto begin = reinterpret_cast<std::uintptr_t>(nodes.data());
    return {std::move(path), std::move(build_id), begin, begin + sizeof(nodes)};
  }
};

// Numbered modules stay for ever: each test has libraries of its own, which are never destroyed.
template <std::size_t kCount>
Library<kCount>& kept(Library<kCount>* library) {
  static auto& libraries = *new std::vector<const void*>;
  libraries.push_back(library);
  return *library;
}

Library<2>& new_library() { return kept(new Library<2>{{node(typeid(Plain), "first"), node(typeid(Fancy), "second")}}); }

ModuleIdentity identity_of(const std::string& path) {
  const auto all = known_modules();
  const auto found = std::find_if(all.begin(), all.end(), [&](const ModuleIdentity& each) { return each.path == path; });
  return found == all.end() ? ModuleIdentity() : *found;
}

void number(const ModuleRange& range) { number_nodes(std::array{range}); }

TEST(Registry, NodesAreRankedByAddressWhateverTheOrderOfRegistration) {
  auto& library = new_library();
  detail::register_node(library.nodes[1]);
  detail::register_node(library.nodes[0]);

  number(library.range("ranked.so"));

  EXPECT_EQ(number_of(library.nodes[0]).rank(), 0u);
  EXPECT_EQ(number_of(library.nodes[1]).rank(), 1u);
  EXPECT_EQ(number_of(library.nodes[0]).module(), number_of(library.nodes[1]).module());
  EXPECT_EQ(identity_of("ranked.so").node_count, 2u);
}

TEST(Registry, ANumberLeadsBackToItsNode) {
  auto& library = new_library();
  detail::register_node(library.nodes[0]);
  number(library.range("back.so"));
  const MethodId id = number_of(library.nodes[0]);
  EXPECT_EQ(find_node({id.module(), id.rank()}), &library.nodes[0]);
  EXPECT_EQ(find_node({id.module(), id.rank() + 1}), nullptr);
  EXPECT_EQ(find_node({MethodId::kMaxModules, 0}), nullptr);
}

TEST(Registry, AnIdentityLeadsBackToItsNode) {
  auto& library = new_library();
  for (auto& each : library.nodes) detail::register_node(each);
  number(library.range("identified.so", "fee1"));
  NodeIdentity identity = wire::identity_of(library.nodes[1]);
  EXPECT_EQ(identity.module.build_id, "fee1");
  identity.module.path = "/another/path/identified.so";
  EXPECT_EQ(find_node(identity), &library.nodes[1]);
  identity.rank = UINT32_MAX;
  EXPECT_EQ(find_node(identity), nullptr);
  identity = wire::identity_of(library.nodes[1]);
  identity.module.build_id = "fee2";
  EXPECT_EQ(find_node(identity), nullptr);
  EXPECT_EQ(find_node(NodeIdentity()), nullptr);
}

TEST(Registry, NumberingAgainChangesNothing) {
  auto& library = new_library();
  detail::register_node(library.nodes[0]);
  number(library.range("again.so"));
  const auto before = number_of(library.nodes[0]).value;
  const auto count = known_modules().size();

  number(library.range("again.so"));

  EXPECT_EQ(number_of(library.nodes[0]).value, before);
  EXPECT_EQ(known_modules().size(), count);
}

TEST(Registry, ALibraryWithoutNodesIsNotListed) {
  const auto& library = new_library();
  number_nodes(std::array{new_library().range("the executable"), library.range("empty.so")});
  EXPECT_EQ(identity_of("empty.so").path, "");
}

TEST(Registry, ANodeOfAnUnknownModuleHasNoNumber) {
  auto& library = new_library();
  detail::register_node(library.nodes[0]);
  EXPECT_THROW(number_of(library.nodes[0]), IncompatibleInterface);
  EXPECT_EQ(module_of(library.nodes[0]), "");
}

TEST(Registry, TheFingerprintTellsOrderAndContent) {
  auto& first = kept(new Library<2>{{node(typeid(Plain), "a"), node(typeid(Plain), "b")}});
  auto& swapped = kept(new Library<2>{{node(typeid(Plain), "b"), node(typeid(Plain), "a")}});
  auto& twin = kept(new Library<2>{{node(typeid(Plain), "a"), node(typeid(Plain), "b")}});
  for (auto* library : {&first, &swapped, &twin}) {
    for (auto& each : library->nodes) detail::register_node(each);
  }
  number_nodes(std::array{first.range("first.so"), swapped.range("swapped.so"), twin.range("twin.so")});

  EXPECT_NE(identity_of("first.so").fingerprint, identity_of("swapped.so").fingerprint);
  EXPECT_EQ(identity_of("first.so").fingerprint, identity_of("twin.so").fingerprint);
}

TEST(ModuleMap, TranslatesThePeersNumbers) {
  auto& library = new_library();
  for (auto& each : library.nodes) detail::register_node(each);
  number(library.range("shared.so", "abc"));
  ModuleIdentity elsewhere = identity_of("shared.so");
  elsewhere.path = "/another/path/shared.so";

  ModuleMap map(std::array{ModuleIdentity{"/peers/program", "123", 0, 0}, elsewhere});

  EXPECT_EQ(map.find(MethodId::of(1, 1)), &library.nodes[1]);
  EXPECT_EQ(map.find(MethodId::of(0, 0)), nullptr);
  EXPECT_EQ(map.find(MethodId::of(1, 2)), nullptr);
  EXPECT_EQ(map.find(MethodId::of(2, 0)), nullptr);
  EXPECT_EQ(map.find({UINT32_MAX}), nullptr);
}

TEST(ModuleMap, WithoutBuildIdsPathAndFingerprintCount) {
  auto& library = new_library();
  for (auto& each : library.nodes) detail::register_node(each);
  number(library.range("plain.so"));
  ModuleIdentity same = identity_of("plain.so");
  EXPECT_EQ(ModuleMap(std::array{same}).find(MethodId::of(0, 0)), &library.nodes[0]);

  same.fingerprint ^= 1;
  EXPECT_THROW(ModuleMap(std::array{same}), IncompatibleInterface);
}

TEST(ModuleMap, AnotherBuildIsNamedWithBothFingerprints) {
  auto& library = new_library();
  for (auto& each : library.nodes) detail::register_node(each);
  number(library.range("built.so", "aaaa"));
  ModuleIdentity other = identity_of("built.so");
  other.build_id = "bbbb";
  other.fingerprint = 0x1234;

  try {
    const ModuleMap map(std::array{other});
    FAIL() << "the map was made";
  } catch (const IncompatibleInterface& error) {
    EXPECT_THAT(error.what(), HasSubstr("built.so"));
    EXPECT_THAT(error.what(), HasSubstr("0000000000001234"));
    EXPECT_THAT(error.what(), HasSubstr("aaaa"));
  }
}

TEST(ModuleMap, AModuleThatIsMissingHereIsNamed) {
  try {
    const ModuleMap map(std::array{ModuleIdentity{"/no/such.so", "feed", 3, 9}});
    FAIL() << "the map was made";
  } catch (const IncompatibleInterface& error) {
    EXPECT_THAT(error.what(), HasSubstr("/no/such.so"));
  }
}

// As an actor of a module has, in the eyes of who has not loaded that.
TEST(ModuleMap, ALibraryThatIsMissingHereNamesNothingUntilItIsLoaded) {
  ModuleIdentity later{"/later.so", "cafe", 3, 9};
  ModuleMap map(std::array{ModuleIdentity{"/peers/program", "123", 0, 0}, later});
  EXPECT_EQ(map.find(MethodId::of(1, 0)), nullptr);
  auto& library = new_library();
  for (auto& each : library.nodes) detail::register_node(each);
  number(library.range("/later.so", "cafe"));
  EXPECT_EQ(map.find(MethodId::of(1, 0)), &library.nodes[0]);
}

TEST(ModuleMap, ALibraryThatIsHereInAnotherBuildIsNamed) {
  auto& library = new_library();
  for (auto& each : library.nodes) detail::register_node(each);
  number(library.range("both.so", "aaaa"));
  ModuleIdentity other = identity_of("both.so");
  other.build_id = "bbbb";
  EXPECT_THROW(ModuleMap(std::array{ModuleIdentity{"/peers/program", "123", 0, 0}, other}), IncompatibleInterface);
}

std::string name_of(const char* signature) {
  const RegistrationNode each = node(typeid(int), signature);
  return readable_name(each);
}

TEST(ReadableName, UnderstandsGcc) {
  EXPECT_EQ(
      name_of(
          "static constexpr const char* troupe::detail::MethodKey<Actor, kMember>::signature() [with Actor = Plain; auto kMember "
          "= &Plain::add]"),
      "Plain::add");
  EXPECT_EQ(name_of("const char* f() [with Key = troupe::detail::MethodKey<Counter, &Counter::add>; int = 3]"), "Counter::add");
  EXPECT_EQ(name_of("static constexpr const char* troupe::detail::MethodKey<Actor, kMember>::signature() [with Actor = "
                    "{anonymous}::Hidden; auto kMember = &{anonymous}::Hidden::f]"),
            "Hidden::f");
  EXPECT_EQ(
      name_of(
          "static constexpr const char* troupe::detail::MethodKey<Actor, kMember>::signature() [with Actor = my::Box<int>; auto "
          "kMember = &my::Box<int>::operator<]"),
      "my::Box<int>::operator<");
}

TEST(ReadableName, UnderstandsClang) {
  EXPECT_EQ(
      name_of(
          "static const char *troupe::detail::MethodKey<Plain, &Plain::add>::signature() [Actor = Plain, kMember = &Plain::add]"),
      "Plain::add");
  EXPECT_EQ(name_of("const char *f() [Key = troupe::detail::MethodKey<Counter, &Counter::add>]"), "Counter::add");
}

TEST(ReadableName, NamesConstructorsAndFunctionsByTheirActor) {
  EXPECT_EQ(
      name_of(
          "static constexpr const char* troupe::detail::ConstructorKey<Actor, Args>::signature() [with Actor = int; Args = {}]"),
      "constructor of int");
  EXPECT_EQ(name_of("static constexpr const char* troupe::detail::RunKey<Actor, F, Args>::signature() [with Actor = int; F = "
                    "main()::<lambda(int&)>; Args = {}]"),
            "function run on int");
}

TEST(ReadableName, GivesWhatItDoesNotUnderstandWhole) {
  for (const char* text : {"", "]", "[", "nonsense", "[with = &", ", &]"}) EXPECT_NO_THROW(name_of(text));
  EXPECT_EQ(name_of("nonsense"), "nonsense");
}

TEST(ReadableType, Demangles) {
  EXPECT_EQ(readable_type(typeid(std::vector<int>).name()), "std::vector<int, std::allocator<int> >");
  EXPECT_EQ(readable_type(typeid(Plain).name()), "troupe::wire::Plain");
  EXPECT_EQ(readable_type("%not a name"), "%not a name");
}

}  // namespace
}  // namespace troupe::wire
