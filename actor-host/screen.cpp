// SPDX-License-Identifier: BSL-1.0
#include "screen.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <utility>

#include "exit_code.hpp"
#include "platform/terminal.hpp"

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

void write_all(std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno != EINTR) return;  // the terminal is gone, and that is read from it, too
    text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
  }
}

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

Screen::Screen() {
  using enum platform::StandardStream;
  if (!platform::is_terminal(input) || !platform::is_terminal(output) || ::tcgetattr(STDIN_FILENO, &former_) != 0)
    throw Failure(ExitCode::misused, "there is no terminal to draw on; use: actor-host ps");
  termios raw = former_;
  ::cfmakeraw(&raw);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
  write_all(kEnter);
}

Screen::~Screen() {
  write_all(kLeave);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &former_);
}

Screen::Size Screen::size() const {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {80, 24};
  return {size.ws_col, size.ws_row};
}

void Screen::draw(const std::vector<Line>& lines) const {
  const Size area = size();
  std::string text(kHome);
  for (std::size_t i = 0; i < std::min(lines.size(), area.rows); ++i) {
    if (i != 0) text += "\r\n";
    text += kClearLine;
    const std::string_view part = cut(lines[i].text, area.columns);
    text += lines[i].stands_out ? fmt::format("{}{}{}", kStandOut, part, kPlain) : std::string(part);
  }
  if (lines.size() < area.rows) text += fmt::format("\r\n{}", kClearBelow);
  write_all(text);
}

Screen::Key Screen::read_key() {
  if (unread_.empty()) {
    std::array<char, 64> bytes;
    const ssize_t count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (count <= 0) return count < 0 && errno == EINTR ? none : end_of_input;
    unread_.assign(bytes.data(), static_cast<std::size_t>(count));
  }
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
