// SPDX-License-Identifier: BSL-1.0
#include "screen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace troupe::command {

namespace {

// Control sequences that terminals have had since the VT100, and xterm's second screen.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view kStandOut = "\x1b[7m";
constexpr std::string_view kPlain = "\x1b[0m";
constexpr std::string_view kClearLine = "\x1b[K";
constexpr std::string_view kClearBelow = "\x1b[J";
constexpr std::string_view kHome = "\x1b[H";

bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

// So many characters of it at the most.
std::string_view cut(std::string_view text, std::size_t width) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (begins_character(text[i]) && characters++ == width) return text.substr(0, i);
  }
  return text;
}

}  // namespace

Screen::Screen() { terminal_.write(kEnter); }

Screen::~Screen() { terminal_.write(kLeave); }

void Screen::draw(const std::vector<Line>& lines) const {
  const platform::RawTerminal::Size area = terminal_.size();
  std::string text(kHome);
  for (std::size_t i = 0; i < std::min(lines.size(), area.rows); ++i) {
    if (i != 0) text += "\r\n";
    text += kClearLine;
    const std::string_view part = cut(lines[i].text, area.columns);
    text += lines[i].stands_out ? fmt::format("{}{}{}", kStandOut, part, kPlain) : std::string(part);
  }
  if (lines.size() < area.rows) text += fmt::format("\r\n{}", kClearBelow);
  terminal_.write(text);
}

Screen::Key Screen::read_key() {
  if (unread_.empty()) unread_ = terminal_.read();
  if (unread_.empty()) return end_of_input;
  for (const auto& [sequence, key] :
       {std::pair("\x1b[A", up), std::pair("\x1bOA", up), std::pair("\x1b[B", down), std::pair("\x1bOB", down)}) {
    if (!unread_.starts_with(sequence)) continue;
    unread_.erase(0, 3);
    return key;
  }
  const char first = unread_.front();
  if (first == '\x1b') {  // alone, or the begin of a key that means nothing here
    unread_.clear();
    return escape;
  }
  unread_.erase(0, 1);
  return static_cast<Key>(static_cast<unsigned char>(first));
}

}  // namespace troupe::command
