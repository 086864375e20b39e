// SPDX-License-Identifier: BSL-1.0
#include "manager/output_lines.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace troupe::manager {

namespace {

// How many bytes the UTF-8 character at the front takes; 0: none stands there, or one that controls a terminal (C1).
std::size_t character_bytes(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned first = byte(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : first == '\t';
  const std::size_t length = first >= 0xf5 ? 0 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0u) != 0x80) return 0;
  }
  const unsigned second = byte(1);
  const bool is_control = first == 0xc2 && second < 0xa0;
  const bool is_overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool is_no_character = (first == 0xed && second >= 0xa0) || (first == 0xf4 && second >= 0x90);  // surrogates, too large
  return is_control || is_overlong || is_no_character ? 0 : length;
}

std::string readable(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const std::size_t length = character_bytes(bytes);
    if (length == 0) {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes[0]));
    } else {
      text += bytes.substr(0, length);
    }
    bytes.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return text;
}

std::string finished(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return readable(line);
}

}  // namespace

std::vector<std::string> OutputLines::add(std::string_view bytes) {
  std::vector<std::string> lines;
  while (!bytes.empty()) {
    const std::size_t room = kMostLineBytes - line_.size();
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    line_ += bytes.substr(0, std::min(end, room));
    const bool is_complete = end <= room && end != bytes.size();
    bytes.remove_prefix(std::min(end, room) + (is_complete ? 1 : 0));
    if (is_complete || (line_.size() == kMostLineBytes && !bytes.empty())) lines.push_back(finished(std::exchange(line_, {})));
  }
  return lines;
}

std::string OutputLines::rest() { return finished(std::exchange(line_, {})); }

namespace {

// At the end of a character.
std::string cut(const std::string& line, std::size_t most) {
  if (line.size() <= most) return line;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xc0u) == 0x80) --end;
  return line.substr(0, end) + "...";
}

}  // namespace

void OutputTail::add(const std::string& line) {
  lines_.push_back(cut(line, kMostLineBytes));
  bytes_ += lines_.back().size();
  while (lines_.size() > kMostLines || bytes_ > kMostBytes) {
    bytes_ -= lines_.front().size();
    lines_.pop_front();
  }
}

}  // namespace troupe::manager
