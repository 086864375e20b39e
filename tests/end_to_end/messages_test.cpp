// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <troupe/testing.hpp>

#include <cereal/cereal.hpp>
#include <stdexcept>
#include <string>

#include "actors.hpp"

namespace troupe::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Refuses what it is told to refuse.
struct Unwilling {
  enum class To : int { nothing, be_saved, be_loaded, be_saved_by_its_own_error };

  template <class Archive>
  void save(Archive& archive) const {
    if (to == To::be_saved) throw cereal::Exception("it will not be saved");
    if (to == To::be_saved_by_its_own_error) throw std::out_of_range("of its own");
    archive(to);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(to);
    if (to == To::be_loaded) throw cereal::Exception("it will not be loaded");
  }

  To to = To::nothing;
};

class Desk {
 public:
  Desk() = default;
  explicit Desk(const Unwilling&) {}

  void take(const Unwilling&) {}
  Unwilling give(Unwilling::To to) { return {to}; }
};

class Messages : public testing::RuntimeTest {
 protected:
  // The text of the E that `function` throws.
  template <class E, class Function>
  static std::string text_of(Function function) {
    try {
      function();
    } catch (const E& error) {
      return error.what();
    }
    return "nothing was thrown";
  }
  // ... of a SerializationError, with its direction.
  template <class Function>
  static std::pair<std::string, Direction> refused(Function function) {
    try {
      function();
    } catch (const SerializationError& error) {
      return {error.what(), error.direction()};
    }
    return {"nothing was thrown", Direction::argument};
  }
};

TEST_F(Messages, OfForeignExceptionsNameMethodActorAndProcess) {
  auto thrower = runtime().spawn<Thrower>({.name = "thrower"});
  const auto text = text_of<RemoteException>([&] { thrower.call<&Thrower::unregistered>().get(); });
  EXPECT_THAT(text, StartsWith("troupe::test::Thrower::unregistered of actor "));
  EXPECT_THAT(text, HasSubstr("\"thrower\" (troupe::test::Thrower, process " + std::to_string(thrower.pid()) + ") threw "));
  EXPECT_THAT(text, HasSubstr("troupe::test::Unregistered: who knows; "));
  EXPECT_THAT(text, HasSubstr("TROUPE_EXCEPTION"));
}

TEST_F(Messages, OfForeignExceptionsOfConstructorsNameTheClass) {
  EXPECT_THAT(text_of<InitError>([&] { runtime().spawn<Thrower>(1); }),
              StartsWith("the constructor of troupe::test::Thrower threw troupe::test::Unregistered: in the constructor; "));
}

TEST_F(Messages, OfForeignExceptionsThatCrossTwiceNameWhereTheyCameFrom) {
  auto counter = runtime().spawn<Counter>();
  auto caller = runtime().spawn<Caller>(counter);
  const auto fail = [](Caller& each) { return each.give().run([](Counter&) -> int { throw Unregistered("inner"); }).get(); };
  try {
    caller.run(fail).get();
    FAIL();
  } catch (const RemoteException& error) {
    EXPECT_THAT(error.method(), HasSubstr("Counter"));
    EXPECT_EQ(error.pid(), counter.pid());
  }
}

TEST_F(Messages, OfArgumentsThatAreNotEncodedNameTheCall) {
  auto desk = runtime().spawn<Desk>();
  const Unwilling unwilling{Unwilling::To::be_saved};
  const auto [text, direction] = refused([&] { desk.call<&Desk::take>(unwilling).get(); });
  EXPECT_THAT(text, HasSubstr("Desk::take of actor "));
  EXPECT_THAT(text, HasSubstr("process " + std::to_string(desk.pid())));
  EXPECT_THAT(text, HasSubstr("was not sent, its arguments cannot be encoded: it will not be saved"));
  EXPECT_EQ(direction, Direction::argument);
  EXPECT_THAT(refused([&] { desk.tell<&Desk::take>(unwilling); }).first, HasSubstr("Desk::take of actor "));
}

TEST_F(Messages, OfArgumentsOfConstructorsNameTheClassAndAreInTheResult) {
  const auto spawned = runtime().spawn_async<Desk>({.name = "desk"}, Unwilling{Unwilling::To::be_saved});
  const auto [text, direction] = refused([&] { spawned.get(); });
  EXPECT_THAT(text, HasSubstr("Desk \"desk\": the constructor's arguments cannot be encoded: it will not be saved"));
  EXPECT_EQ(direction, Direction::argument);
}

TEST_F(Messages, OfArgumentsThatAreNotDecodedNameTheCall) {
  auto desk = runtime().spawn<Desk>();
  const auto [text, direction] = refused([&] { desk.call<&Desk::take>(Unwilling{Unwilling::To::be_loaded}).get(); });
  EXPECT_THAT(text, HasSubstr("Desk::take of actor "));
  EXPECT_THAT(text, HasSubstr("it will not be loaded"));
  EXPECT_EQ(direction, Direction::argument);
}

TEST_F(Messages, OfResultsThatAreNotEncodedNameTheCall) {
  auto desk = runtime().spawn<Desk>();
  const auto [text, direction] = refused([&] { desk.call<&Desk::give>(Unwilling::To::be_saved).get(); });
  EXPECT_THAT(text, HasSubstr("Desk::give of actor "));
  EXPECT_THAT(text, HasSubstr("it will not be saved"));
  EXPECT_EQ(direction, Direction::result);
}

TEST_F(Messages, OfResultsThatAreNotDecodedNameTheCall) {
  auto desk = runtime().spawn<Desk>();
  const auto [text, direction] = refused([&] { desk.call<&Desk::give>(Unwilling::To::be_loaded).get(); });
  EXPECT_THAT(text, HasSubstr("Desk::give of actor "));
  EXPECT_THAT(text, HasSubstr("ran, but its result cannot be decoded"));
  EXPECT_THAT(text, HasSubstr("it will not be loaded"));
  EXPECT_EQ(direction, Direction::result);
}

TEST_F(Messages, OfTheProgramsOwnErrorsStayAsTheyAre) {
  auto desk = runtime().spawn<Desk>();
  const Unwilling unwilling{Unwilling::To::be_saved_by_its_own_error};
  EXPECT_EQ(text_of<std::out_of_range>([&] { desk.call<&Desk::take>(unwilling).get(); }), "of its own");
  EXPECT_EQ(text_of<std::out_of_range>([&] { runtime().spawn<Desk>(unwilling); }), "of its own");
}

}  // namespace
}  // namespace troupe::test
