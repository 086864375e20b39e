// SPDX-License-Identifier: BSL-1.0
#include "manager/printouts.hpp"

#include <gtest/gtest.h>

#include <string>

#include "platform/control_socket.hpp"

namespace troupe::manager::testing {
namespace {

wire::KeptLine line(const std::string& text) {
  wire::KeptLine line;
  line.text = text;
  return line;
}

Printout printout_of(int lines, const std::string& text = "x") {
  Printout printout;
  for (int i = 0; i < lines; ++i) printout.add(line(text));
  return printout;
}

wire::KeptOutput read(const Printout& printout, std::uint64_t after, std::uint64_t last = wire::ReadOutput::kAll) {
  wire::ReadOutput order;
  order.after = after;
  order.last = last;
  wire::KeptOutput answer;
  printout.read(order, answer);
  return answer;
}

TEST(Printout, IsReadOnFromWhereItWas) {
  Printout printout = printout_of(3);
  const auto first = read(printout, 0);
  EXPECT_EQ(first.lines.size(), 3u);
  EXPECT_EQ(first.lines[0].number, 1u);
  EXPECT_FALSE(first.more);
  EXPECT_EQ(read(printout, first.through).lines.size(), 0u);
  printout.add(line("new"));
  ASSERT_EQ(read(printout, first.through).lines.size(), 1u);
  EXPECT_EQ(read(printout, first.through).lines[0].text, "new");
}

TEST(Printout, IsReadFromItsEnd) {
  EXPECT_EQ(read(printout_of(5), 0, 2).lines.size(), 2u);
  EXPECT_EQ(read(printout_of(5), 0, 2).lines[0].number, 4u);
  EXPECT_EQ(read(printout_of(5), 0, 0).lines.size(), 0u);
  EXPECT_EQ(read(printout_of(5), 0, 0).through, 5u);
  EXPECT_EQ(read(printout_of(5), 0, 9).lines.size(), 5u);
}

TEST(Printout, OfTheFutureIsEmpty) {
  EXPECT_EQ(read(printout_of(5), UINT64_MAX).lines.size(), 0u);
  EXPECT_EQ(read(printout_of(5), UINT64_MAX).through, 5u);
  EXPECT_EQ(read(Printout(), 0).lines.size(), 0u);
}

TEST(Printout, KeepsTheLastLines) {
  const Printout printout = printout_of(static_cast<int>(Printout::kMostLines) + 5);
  const auto part = read(printout, 0);
  EXPECT_EQ(part.lines.at(0).number, 6u);
}

TEST(Printout, KeepsSoManyBytes) {
  const std::string text(1024, 'x');
  const Printout printout = printout_of(1000, text);
  EXPECT_GT(read(printout, 0).lines.at(0).number, 1000u - Printout::kMostBytes / text.size());
  EXPECT_EQ(read(printout_of(2, std::string(2 * Printout::kMostBytes, 'x')), 0).lines.size(), 1u);
}

TEST(Printout, ComesInPartsThatFitAMessage) {
  const Printout printout = printout_of(1000, std::string(16'000, 'x'));
  std::uint64_t after = 0;
  for (auto part = read(printout, 0);; part = read(printout, after)) {
    EXPECT_LT(wire::encode_message<wire::ToClient>(part).size(), platform::ControlSocket::kMaxMessageBytes);
    EXPECT_GT(part.lines.size(), 0u);
    after = part.through;
    if (!part.more) break;
  }
  EXPECT_EQ(after, 1000u);
}

TEST(Printouts, AreThoseOfTheLastThatHadTheName) {
  Printouts printouts;
  printouts.add(ActorId{1}, "one", line("a"));
  printouts.add(ActorId{2}, "one", line("b"));
  printouts.add(ActorId{3}, "two", line("c"));
  EXPECT_EQ(printouts.last_of("one"), ActorId{2});
  EXPECT_EQ(printouts.last_of("three"), ActorId());
  EXPECT_EQ(printouts.find(ActorId{4}), nullptr);
}

TEST(Printouts, OfThoseThatHaveEndedAreForgottenInTheEnd) {
  Printouts printouts;
  printouts.add(ActorId{1}, "alive", line("a"));
  for (std::uint64_t actor = 2; actor < 2 + Printouts::kMostEnded + 1; ++actor) {
    printouts.add(ActorId{actor}, "dead", line("a"));
    printouts.ended(ActorId{actor});
    printouts.ended(ActorId{actor});
  }
  EXPECT_EQ(printouts.find(ActorId{2}), nullptr);
  EXPECT_NE(printouts.find(ActorId{3}), nullptr);
  EXPECT_NE(printouts.find(ActorId{1}), nullptr);
}

TEST(Printouts, OfWhoHasPrintedNothingTakeNoRoom) {
  Printouts printouts;
  for (std::uint64_t actor = 1; actor < 100; ++actor) printouts.ended(ActorId{actor});
  printouts.add(ActorId{100}, "one", line("a"));
  printouts.ended(ActorId{100});
  EXPECT_NE(printouts.find(ActorId{100}), nullptr);
}

}  // namespace
}  // namespace troupe::manager::testing
