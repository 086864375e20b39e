// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/actor_pool.hpp>
#include <troupe/detail/module_table.hpp>
#include <troupe/troupe.hpp>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "shelf.hpp"

namespace troupe::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

SpawnOptions bookshelf() { return {.module = TROUPE_TEST_LIBRARY, .actor = "Bookshelf"}; }

class Modules : public ::testing::Test {
 protected:
  template <class A = Shelf, class... Args>
  std::string reason(const SpawnOptions& options, Args&&... args) {
    try {
      runtime.spawn<A>(options, std::forward<Args>(args)...);
    } catch (const StartError& error) {
      EXPECT_TRUE(runtime.actors().empty());
      return error.what();
    }
    return "it was started";
  }
  std::string by_name(const Proxy<Shelf>& shelf, const std::string& method, const std::vector<std::string>& arguments) {
    return detail::send_call<std::string>(detail::checked(detail::ProxyAccess::link(shelf)), detail::by_name_node(), nullptr,
                                          method, arguments)
        .get();
  }
  std::string objection(const Proxy<Shelf>& shelf, const std::string& method, const std::vector<std::string>& arguments) {
    try {
      return "it was called: " + by_name(shelf, method, arguments);
    } catch (const SerializationError& error) {
      return error.what();
    }
  }

  Runtime runtime;
};

TEST_F(Modules, HoldActorsThatTheProgramKnowsAnInterfaceOf) {
  const auto shelf = runtime.spawn<Shelf>(bookshelf(), "Emma");
  EXPECT_EQ(shelf.call<&Shelf::put>("Persuasion").get(), 2);
  EXPECT_THAT(shelf.call<&Shelf::titles>().get(), ElementsAre("Emma", "Persuasion"));
  EXPECT_NE(shelf.pid(), runtime.spawn<Shelf>(bookshelf()).pid());
}

TEST_F(Modules, AreFoundFromWhereTheProgramIs) {
  const std::filesystem::path library(TROUPE_TEST_LIBRARY);
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(library.parent_path());
  SpawnOptions options = bookshelf();
  options.module = library.filename().string();
  options.working_directory = "/";
  EXPECT_EQ(runtime.spawn<Shelf>(options, "Emma", 3).call<&Shelf::titles>().get().size(), 3u);
  std::filesystem::current_path(before);
}

TEST_F(Modules, WorkForBothStartMethods) {
  SpawnOptions options = bookshelf();
  options.start = StartMethod::spawn;
  EXPECT_EQ(runtime.spawn<Shelf>(options, "Emma").call<&Shelf::put>("x").get(), 2);
}

TEST_F(Modules, RestartTheirActorsFromACheckpoint) {
  SpawnOptions options = bookshelf();
  options.restart = {.max = 1};
  const auto shelf = runtime.spawn<Shelf>(options, "Emma");
  shelf.call<&Shelf::put>("Persuasion").get();
  EXPECT_THROW(shelf.call<&Shelf::crash>().get(), ActorDied);
  EXPECT_THAT(shelf.call<&Shelf::titles>().get(), ElementsAre("Emma", "Persuasion"));
}

TEST_F(Modules, HoldActorsThatCallOthers) {
  const auto one = runtime.spawn<Shelf>(bookshelf(), "Emma");
  const auto other = runtime.spawn<Shelf>(bookshelf(), "Persuasion");
  EXPECT_EQ(one.call<&Shelf::first_of>(other).get(), "Persuasion");
  EXPECT_THAT(other.call<&Shelf::titles>().get(), ElementsAre("Persuasion"));
}

TEST_F(Modules, AreForGroupsAndNamesToo) {
  SpawnOptions options = bookshelf();
  options.name = "shelf";
  const auto shelf = runtime.spawn_or_get<Shelf>(options, "Emma");
  EXPECT_EQ(runtime.spawn_or_get<Shelf>(options, "Emma"), shelf);
  EXPECT_EQ(runtime.lookup<Shelf>("shelf"), shelf);
}

TEST_F(Modules, AreForPoolsToo) {
  ActorPool<Shelf> pool(runtime, {.size = 2, .spawn = bookshelf()}, "Emma");
  EXPECT_THAT(pool.broadcast<&Shelf::put>("x").get(), ElementsAre(2, 2));
}

TEST_F(Modules, ThrowWhatTheirConstructorsThrow) {
  EXPECT_THROW(runtime.spawn<Shelf>(bookshelf(), "Emma", 101), std::length_error);
}

TEST_F(Modules, SayWhatTheyHaveWhenSomethingElseIsWanted) {
  SpawnOptions unnamed = bookshelf();
  unnamed.actor.clear();
  EXPECT_THAT(reason(unnamed), AllOf(HasSubstr("more than one actor that is a troupe::test::Shelf: Bookshelf, Box"),
                                     HasSubstr("SpawnOptions::actor")));
  SpawnOptions other = bookshelf();
  other.actor = "Wardrobe";
  EXPECT_THAT(reason(other), HasSubstr("has no actor \"Wardrobe\"; it has: Bookshelf, Box"));
  EXPECT_THAT(reason<Cellar>(bookshelf()), HasSubstr("is no troupe::test::Cellar"));
  EXPECT_THAT(reason<Cellar>(unnamed), HasSubstr("has no actor that is a troupe::test::Cellar; it has: Bookshelf, Box"));
  EXPECT_THAT(reason(bookshelf(), 5),
              AllOf(HasSubstr("no constructor Bookshelf(int); it has: Bookshelf(), Bookshelf(std::string)"),
                    HasSubstr("(std::string, int)")));
}

TEST_F(Modules, AreRefusedWhenTheyAreNone) {
  EXPECT_THAT(reason({.module = "/nowhere/lib.so"}), AllOf(HasSubstr("/nowhere/lib.so"), HasSubstr("No such file")));
  EXPECT_THAT(reason({.module = "libtroupe-test-nowhere.so"}), HasSubstr("libtroupe-test-nowhere.so"));
  EXPECT_THAT(reason({.module = TROUPE_TEST_PLAIN_LIBRARY}), HasSubstr("has no TROUPE_MODULE"));
  EXPECT_THAT(reason({.module = TROUPE_TEST_OTHER_BUILD}),
              AllOf(HasSubstr("troupe 0.0.7, compiled elsewhere"), HasSubstr(detail::kModuleBuild)));
}

TEST_F(Modules, AreNamedWhereAClassIsAbstract) {
  EXPECT_THROW(runtime.spawn<Shelf>(), std::invalid_argument);
  EXPECT_THROW(runtime.spawn<Shelf>({.actor = "Bookshelf"}), std::invalid_argument);
}

TEST_F(Modules, AnswerCallsByName) {
  const auto shelf = runtime.spawn<Shelf>(bookshelf(), "Emma");
  EXPECT_EQ(by_name(shelf, "put", {R"("Persuasion")"}), "2");
  EXPECT_EQ(by_name(shelf, "titles", {}), R"(["Emma","Persuasion"])");
  EXPECT_EQ(by_name(shelf, "count", {R"("Emma")"}), "1");
  EXPECT_EQ(by_name(shelf, "lengths", {}), R"({"Emma":4,"Persuasion":10})");
  EXPECT_EQ(by_name(shelf, "thicker", {R"({"pages": 3, "title": "Emma", "price": null})", "4"}),
            R"({"title":"Emma","pages":7,"price":null})");
  EXPECT_EQ(by_name(shelf, "later", {"41"}), "42");
  EXPECT_EQ(by_name(shelf, "clear", {}), "null");
  EXPECT_THROW(by_name(shelf, "burn", {}), std::runtime_error);
  EXPECT_THAT(shelf.call<&Shelf::titles>().get(), ElementsAre());
}

TEST_F(Modules, NameTheArgumentThatIsWrongAndRunNothing) {
  const auto shelf = runtime.spawn<Shelf>(bookshelf(), "Emma");
  EXPECT_THAT(objection(shelf, "put", {"5"}), HasSubstr("put(std::string) -> int: argument 1: 5 is not a string"));
  EXPECT_THAT(objection(shelf, "put", {}), HasSubstr("put(std::string) -> int: 0 arguments were given"));
  EXPECT_THAT(objection(shelf, "put", {"Emma"}), HasSubstr("argument 1: Emma is no JSON"));
  EXPECT_THAT(objection(shelf, "thicker", {R"({"title": "Emma", "pages": 1.5, "price": null})", "1"}),
              HasSubstr("argument 1.pages: 1.5 is not int"));
  EXPECT_THAT(objection(shelf, "thicker", {R"({"title": "Emma"})", "1"}), HasSubstr("argument 1: \"pages\" is missing"));
  EXPECT_THAT(objection(shelf, "later", {"2147483648"}), HasSubstr("2147483648 is not int"));
  EXPECT_THAT(objection(shelf, "putt", {}),
              HasSubstr("Bookshelf has no method \"putt\"; it has: put(std::string) -> int; titles()"));
  EXPECT_THAT(objection(shelf, "put", {std::string(2000, '[')}), HasSubstr("argument 1: it is nested more than 500 deep"));
  EXPECT_EQ(shelf.call<&Shelf::titles>().get().size(), 1u);
}

TEST_F(Modules, SayThatAResultHasNoFormAndThatItRan) {
  const auto shelf = runtime.spawn<Shelf>(bookshelf(), "Emma");
  const auto direction = [&](const std::string& method, const std::vector<std::string>& arguments) {
    try {
      by_name(shelf, method, arguments);
      return std::string("none");
    } catch (const SerializationError& error) {
      return std::string(error.direction() == Direction::result ? "result: " : "argument: ") + error.what();
    }
  };
  EXPECT_EQ(direction("deep", {"100"}), "none");
  EXPECT_THAT(direction("deep", {"1000"}), ::testing::StartsWith("result: "));
  EXPECT_THAT(direction("half", {}), AllOf(::testing::StartsWith("result: "), HasSubstr("names some of its fields")));
  EXPECT_EQ(shelf.call<&Shelf::titles>().get().size(), 1u);
}

TEST_F(Modules, DeathIsReportedAsAnyOther) {
  const auto shelf = runtime.spawn<Shelf>(bookshelf());
  try {
    by_name(shelf, "crash", {});
    FAIL() << "it lives";
  } catch (const ActorDied& died) {
    EXPECT_EQ(died.cause().signal, 6);
    EXPECT_THAT(died.what(), HasSubstr("a call by name"));
  }
}

struct Plain {
  int value() const { return 7; }
};

TEST_F(Modules, AreWhatCallsByNameNeed) {
  const auto plain = runtime.spawn<Plain>();
  const auto call = detail::send_call<std::string>(detail::checked(detail::ProxyAccess::link(plain)), detail::by_name_node(),
                                                   nullptr, std::string("value"), std::vector<std::string>());
  EXPECT_THROW(call.get(), IncompatibleInterface);
  EXPECT_EQ(plain.call<&Plain::value>().get(), 7);
}

}  // namespace
}  // namespace troupe::test
