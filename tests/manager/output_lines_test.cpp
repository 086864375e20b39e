// SPDX-License-Identifier: BSL-1.0
#include "manager/output_lines.hpp"

#include <gmock/gmock.h>

#include <fmt/core.h>

#include <string>

namespace troupe::manager {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string line_of(std::string_view bytes) {
  OutputLines lines;
  EXPECT_THAT(lines.add(bytes), IsEmpty());
  return lines.rest();
}

TEST(OutputLines, AreWhatEndsWithANewline) {
  OutputLines lines;
  EXPECT_THAT(lines.add("one\ntwo\n\nthr"), ElementsAre("one", "two", ""));
  EXPECT_THAT(lines.add("ee\n"), ElementsAre("three"));
  EXPECT_EQ(lines.rest(), "");
}

TEST(OutputLines, HaveARestThatIsToldOnce) {
  OutputLines lines;
  EXPECT_THAT(lines.add("no end"), IsEmpty());
  EXPECT_EQ(lines.rest(), "no end");
  EXPECT_EQ(lines.rest(), "");
}

TEST(OutputLines, EndAsTheyDoElsewhere) {
  OutputLines lines;
  EXPECT_THAT(lines.add("one\r\ntwo\r\n"), ElementsAre("one", "two"));
}

TEST(OutputLines, WithoutEndComeInPieces) {
  OutputLines lines;
  const std::string piece(OutputLines::kMostLineBytes, 'x');
  EXPECT_THAT(lines.add(piece + piece + "y"), ElementsAre(piece, piece));
  EXPECT_EQ(lines.rest(), "y");
}

TEST(OutputLines, AsLongAsAPieceAreWhole) {
  OutputLines lines;
  const std::string piece(OutputLines::kMostLineBytes, 'x');
  EXPECT_THAT(lines.add(piece), IsEmpty());
  EXPECT_THAT(lines.add("\nnext\n"), ElementsAre(piece, "next"));
}

TEST(OutputLines, ControlNoTerminal) {
  EXPECT_EQ(line_of("\x1b[31mred\x07\rback"), "\\x1b[31mred\\x07\\x0dback");
  EXPECT_EQ(line_of("\xc2\x9b"
                    "31m"),
            "\\xc2\\x9b31m");  // the same in one character
  EXPECT_EQ(line_of(std::string_view("\0\x7f\t.", 4)), "\\x00\\x7f\t.");
}

TEST(OutputLines, KeepWhatIsText) { EXPECT_EQ(line_of("h\u00e9 \u20ac \U0001f600"), "h\u00e9 \u20ac \U0001f600"); }

TEST(OutputLines, ShowWhatIsNone) {
  EXPECT_EQ(line_of("a\xff"), "a\\xff");
  EXPECT_EQ(line_of("\xe2\x82"), "\\xe2\\x82");           // cut short
  EXPECT_EQ(line_of("\xc0\xaf"), "\\xc0\\xaf");           // a slash in disguise
  EXPECT_EQ(line_of("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // half of a pair
  EXPECT_EQ(line_of("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
}

TEST(OutputTail, HoldsTheLastLines) {
  OutputTail tail;
  for (int i = 1; i <= 60; ++i) tail.add(fmt::format("line {}", i));
  ASSERT_EQ(tail.lines().size(), OutputTail::kMostLines);
  EXPECT_EQ(tail.lines().front(), "line 11");
  EXPECT_EQ(tail.lines().back(), "line 60");
}

TEST(OutputTail, HoldsNoMoreThanAReportCarries) {
  OutputTail tail;
  for (int i = 0; i < 60; ++i) tail.add(std::string(4096, 'x'));
  std::size_t bytes = 0;
  for (const std::string& line : tail.lines()) bytes += line.size();
  EXPECT_LE(bytes, OutputTail::kMostBytes);
  EXPECT_THAT(tail.lines(), ::testing::Each(::testing::SizeIs(OutputTail::kMostLineBytes + 3)));
}

TEST(OutputTail, CutsBetweenCharacters) {
  OutputTail tail;
  std::string line(OutputTail::kMostLineBytes - 1, 'x');
  tail.add(line + "\u00e9\u00e9");
  EXPECT_THAT(tail.lines(), ElementsAre(line + "..."));
}

}  // namespace
}  // namespace troupe::manager
