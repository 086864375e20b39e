// SPDX-License-Identifier: BSL-1.0
#include "table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "platform/terminal.hpp"

namespace troupe::command {

namespace {

constexpr const char* kBold = "\x1b[1m";
constexpr const char* kPlain = "\x1b[0m";

// Characters, not bytes: what follows a first byte of UTF-8 takes no place of its own.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t width, Table::Align align) {
  const std::string space(width - std::min(width, width_of(text)), ' ');
  return align == Table::Align::right ? space + text : text + space;
}

}  // namespace

std::string Table::text(bool is_coloured) const {
  std::vector<std::size_t> widths;
  for (const Column& each : columns_) widths.push_back(width_of(each.name));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  const auto line_of = [&](const auto& cell_at) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) line += padded(cell_at(i), widths[i], columns_[i].align) + "  ";
    return line.substr(0, line.find_last_not_of(' ') + 1);
  };
  const std::string header = line_of([&](std::size_t i) { return columns_[i].name; });
  std::string text = is_coloured ? kBold + header + kPlain + "\n" : header + "\n";
  for (const auto& row : rows_) text += line_of([&](std::size_t i) { return row[i]; }) + "\n";
  return text;
}

bool is_coloured() {
  const char* const refused = std::getenv("NO_COLOR");
  return (refused == nullptr || refused[0] == '\0') && platform::is_terminal(platform::StandardStream::output);
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 4> kUnits{"KiB", "MiB", "GiB", "TiB"};
  if (bytes == 0) return "-";
  double amount = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; amount >= 1024 && unit + 1 < kUnits.size(); ++unit) amount /= 1024;
  return amount < 10 ? fmt::format("{:.1f} {}", amount, kUnits[unit]) : fmt::format("{:.0f} {}", amount, kUnits[unit]);
}

std::string time_text(std::chrono::nanoseconds span) {
  const double seconds = std::chrono::duration<double>(span).count();
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 120) return fmt::format("{:.1f} s", seconds);
  return seconds < 7200 ? fmt::format("{:.0f} min", seconds / 60) : fmt::format("{:.1f} h", seconds / 3600);
}

namespace {

// A character of UTF-8 at the start of `text`; no bytes: there is none, only a byte that a terminal might take for a control.
struct Character {
  std::uint32_t code = 0;
  std::size_t bytes = 0;
};

Character character_at(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return {byte(0), 1};
  const std::size_t bytes = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < bytes) return {};
  std::uint32_t code = byte(0) & (0x7Fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  constexpr std::array<std::uint32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};  // what needs fewer bytes is disguised
  const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code < kLeast[bytes] || code > 0x10FFFF || is_surrogate ? Character() : Character{code, bytes};
}

// Controls, and what turns the direction of the text around it or begins a line.
bool is_harmful(std::uint32_t code) {
  const auto is_in = [code](std::uint32_t first, std::uint32_t last) { return code >= first && code <= last; };
  return code < 0x20 || is_in(0x7F, 0x9F) || code == 0x061C || is_in(0x200E, 0x200F) || is_in(0x2028, 0x202E) ||
         is_in(0x2066, 0x2069);
}

}  // namespace

std::string shown(std::string_view name) {
  std::string text;
  while (!name.empty()) {
    const Character next = character_at(name);
    const std::size_t bytes = std::max<std::size_t>(next.bytes, 1);
    if (next.bytes == 0 || (next.bytes == 1 && is_harmful(next.code))) {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(name[0]));
    } else if (is_harmful(next.code)) {
      text += fmt::format("\\u{:04x}", next.code);
    } else {
      text += name.substr(0, bytes);
    }
    name.remove_prefix(bytes);
  }
  return text;
}

std::string valid_utf8(std::string_view text) {
  std::string valid;
  while (!text.empty()) {
    const std::size_t bytes = character_at(text).bytes;
    valid += bytes == 0 ? std::string_view("\uFFFD") : text.substr(0, bytes);
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  return valid;
}

std::string shown_lines(std::string_view text) {
  std::string all;
  for (;;) {
    const std::size_t end = text.find_first_of("\n\t");
    all += shown(text.substr(0, end));
    if (end == std::string_view::npos) return all;
    all += text[end];
    text.remove_prefix(end + 1);
  }
}

}  // namespace troupe::command
