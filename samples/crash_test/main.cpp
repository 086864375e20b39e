// SPDX-License-Identifier: BSL-1.0
// A service that counts the words of documents, with a parser in a process of its own; and what a test of it looks like that asks
// what becomes of the service when the parser dies. It links troupe::testing_main.
#include <csignal>
#include <sstream>
#include <string>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>
#include <vector>

class Parser {
 public:
  int words(const std::string& document) {
    TROUPE_FAIL_POINT("parser.words");  // nothing, unless a test has armed it
    std::istringstream text(document);
    int count = 0;
    for (std::string word; text >> word;) ++count;
    return count;
  }
};

class WordCount {
 public:
  explicit WordCount(troupe::Runtime& runtime)
      : parser_(runtime.spawn<Parser>(
            {.name = "parser", .restart = {.max = 10, .backoff = {.first = std::chrono::milliseconds(1)}}})) {}

  // What the parser dies of is set aside; the next life of the parser goes on with the rest.
  void add(const std::string& name, const std::string& document) {
    try {
      words_ += parser_.call<&Parser::words>(document).get();
    } catch (const troupe::ActorDied&) {
      set_aside_.push_back(name);
    }
  }
  int words() const { return words_; }
  const std::vector<std::string>& set_aside() const { return set_aside_; }

 private:
  troupe::Proxy<Parser> parser_;
  int words_ = 0;
  std::vector<std::string> set_aside_;
};

using ::testing::ElementsAre;
using troupe::testing::arm, troupe::testing::Armed, troupe::testing::DiedOf, troupe::testing::Fail,
    troupe::testing::kill_at_message;

class WordCountTest : public troupe::testing::RuntimeTest {};  // fails what leaves anything behind

TEST_F(WordCountTest, SetsAsideWhatTheParserDiesOf) {
  WordCount count(runtime());
  arm(runtime().lookup<Parser>("parser"), "parser.words", Fail::crash().at_hit(2));
  count.add("a.txt", "one two");
  count.add("b.txt", "three");
  count.add("c.txt", "four five six");
  EXPECT_THAT(count.set_aside(), ElementsAre("b.txt"));
  EXPECT_EQ(count.words(), 5);
}

TEST_F(WordCountTest, GoesOnWhenTheParserIsKilled) {
  WordCount count(runtime());
  kill_at_message(runtime().lookup<Parser>("parser"), 1);
  count.add("a.txt", "one two");
  count.add("b.txt", "three");
  EXPECT_THAT(count.set_aside(), ElementsAre("a.txt"));
  EXPECT_EQ(count.words(), 1);
}

TEST_F(WordCountTest, HearsWhyTheParserDied) {
  auto parser = runtime().spawn<Parser>(Armed{{"parser.words", Fail::signal(SIGSEGV)}});  // in each life, from the constructor on
  EXPECT_ACTOR_DIES(parser.call<&Parser::words>("one").get(), DiedOf(SIGSEGV));
}
