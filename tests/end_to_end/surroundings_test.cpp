// SPDX-License-Identifier: BSL-1.0
// Where an actor's process runs, and results that cannot come back from there.
#include <gtest/gtest.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <cereal/types/vector.hpp>

#include <cstdlib>
#include <filesystem>

#include "gate.hpp"

namespace troupe::test {
namespace {

// Throws while it is being written, or read.
struct Unwilling {
  bool fails_to_load = false;

  template <class Archive>
  void save(Archive& archive) const {
    if (!fails_to_load) throw std::runtime_error("it does not want to travel");
    archive(fails_to_load);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(fails_to_load);
    throw std::runtime_error("it does not want to arrive");
  }
};

class Resident {
 public:
  std::string variable(const std::string& name) const {
    const char* value = std::getenv(name.c_str());
    return value != nullptr ? value : "unset";
  }
  std::string directory() const { return std::filesystem::current_path().string(); }
  std::vector<char> large(std::size_t count) {
    ++calls_;
    return std::vector<char>(count);
  }
  Unwilling unwilling(bool fails_to_load) {
    ++calls_;
    return {fails_to_load};
  }
  void take(Unwilling) { ++calls_; }
  int calls() const { return calls_; }

 private:
  int calls_ = 0;
};

class Surroundings : public testing::RuntimeTest {};

TEST_F(Surroundings, OfAnActorHaveTheVariablesThatItWasGiven) {
  auto plain = runtime().spawn<Resident>();
  auto given = runtime().spawn<Resident>({.environment = {{"TROUPE_TEST_COLOUR", "green"}, {"HOME", "/nowhere"}}});
  EXPECT_EQ(given.call<&Resident::variable>("TROUPE_TEST_COLOUR").get(), "green");
  EXPECT_EQ(given.call<&Resident::variable>("HOME").get(), "/nowhere");
  EXPECT_EQ(given.call<&Resident::variable>("PATH").get(), plain.call<&Resident::variable>("PATH").get());
  EXPECT_EQ(plain.call<&Resident::variable>("TROUPE_TEST_COLOUR").get(), "unset");
}

TEST_F(Surroundings, OfAnActorShowNoTraceOfItsRole) {
  auto forked = runtime().spawn<Resident>();
  auto executed = runtime().spawn<Resident>({.start = StartMethod::spawn});
  for (const auto& actor : {forked, executed}) {
    EXPECT_EQ(actor.call<&Resident::variable>("TROUPE_ROLE").get(), "unset");
    EXPECT_EQ(actor.call<&Resident::variable>("LD_BIND_NOW").get(), "unset");
  }
}

class WorkingDirectory : public testing::RuntimeTest, public ::testing::WithParamInterface<StartMethod> {};

INSTANTIATE_TEST_SUITE_P(BothMethods, WorkingDirectory, ::testing::Values(StartMethod::forkserver, StartMethod::spawn),
                         [](const auto& method) { return method.param == StartMethod::spawn ? "Spawn" : "Forkserver"; });

TEST_P(WorkingDirectory, OfAnActorIsTheOneThatItWasGiven) {
  const TemporaryFolder folder;
  auto given = runtime().spawn<Resident>({.start = GetParam(), .working_directory = folder.path().string()});
  auto plain = runtime().spawn<Resident>({.start = GetParam()});
  EXPECT_EQ(given.call<&Resident::directory>().get(), std::filesystem::canonical(folder.path()).string());
  EXPECT_EQ(plain.call<&Resident::directory>().get(), std::filesystem::current_path().string());
}

TEST_P(WorkingDirectory, ThatIsNotThereIsAStartErrorThatNamesIt) {
  try {
    runtime().spawn<Resident>({.start = GetParam(), .working_directory = "/no/such/directory"});
    FAIL();
  } catch (const StartError& error) {
    EXPECT_NE(std::string(error.what()).find("/no/such/directory"), std::string::npos) << error.what();
    EXPECT_EQ(error.cause().kind, DeathKind::start_failure);
    EXPECT_NE(error.cause().text().find("/no/such/directory"), std::string::npos) << error.cause().text();
  }
}

class Results : public testing::RuntimeTest {
 protected:
  template <class T>
  static Direction refused(const AsyncResult<T>& result) {
    try {
      result.get();
    } catch (const SerializationError& error) {
      return error.direction();
    }
    throw std::logic_error("the result arrived");
  }
};

TEST_F(Results, OverTheLimitAreSerializationErrorsOfTheResult) {
  auto actor = runtime().spawn<Resident>({.mailbox = {.payload = 100'000}});
  EXPECT_EQ(refused(actor.call<&Resident::large>(1 << 20)), Direction::result);
  EXPECT_EQ(actor.call<&Resident::large>(10).get().size(), 10u);
  EXPECT_EQ(actor.call<&Resident::calls>().get(), 2);
}

TEST_F(Results, OverTheLimitNameTheCallAndWhatToDo) {
  auto actor = runtime().spawn<Resident>({.mailbox = {.payload = 100'000}});
  try {
    actor.call<&Resident::large>(1 << 20).get();
    FAIL();
  } catch (const SerializationError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("Resident::large"), std::string::npos) << text;
    EXPECT_NE(text.find("SpawnOptions::mailbox.payload"), std::string::npos) << text;
  }
}

TEST_F(Results, ThatCannotBeEncodedFailOnlyTheirCall) {
  auto actor = runtime().spawn<Resident>();
  auto broken = actor.call<&Resident::unwilling>(false);
  EXPECT_EQ(refused(broken), Direction::result);
  EXPECT_EQ(actor.call<&Resident::calls>().get(), 1);
}

TEST_F(Results, ThatCannotBeDecodedFailOnlyTheirCall) {
  auto actor = runtime().spawn<Resident>();
  auto before = actor.call<&Resident::calls>();
  auto broken = actor.call<&Resident::unwilling>(true);
  auto after = actor.call<&Resident::calls>();
  EXPECT_ANY_THROW(broken.get());
  EXPECT_EQ(before.get(), 0);
  EXPECT_EQ(after.get(), 1);
}

TEST_F(Results, OfArgumentsThatCannotBeEncodedAreErrorsOfTheArgument) {
  auto actor = runtime().spawn<Resident>();
  EXPECT_TRUE(actor.call<&Resident::take>(Unwilling()).exception());
  EXPECT_EQ(refused(actor.call<&Resident::take>(Unwilling{true})), Direction::argument);
  EXPECT_EQ(actor.call<&Resident::calls>().get(), 0);
}

}  // namespace
}  // namespace troupe::test
