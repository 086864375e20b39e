// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::command {

// Text in columns, for people. The first row is the columns' names.
class Table {
 public:
  enum class Align : std::uint8_t { left, right };
  struct Column {
    std::string name;
    Align align = Align::left;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // As many as there are columns.
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  // Lines, each with its end. `is_coloured`: the names of the columns stand out, on a terminal.
  std::string text(bool is_coloured) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Whether what is printed may have colours: it goes to a terminal, and NO_COLOR is not set.
bool is_coloured();

// "1.5 MiB"; "-" for none.
std::string bytes_text(std::uint64_t bytes);
// "2.1 s", "3 min".
std::string time_text(std::chrono::nanoseconds span);
// What others have written may harm a terminal, or look like something else: controls, what turns the direction of text, and
// bytes that are no UTF-8 are spelled out, as \x1b and \u202e.
std::string shown(std::string_view name);
// Likewise of a text: its lines' ends and tabs stay.
std::string shown_lines(std::string_view text);
// With U+FFFD for each byte that is no part of a character.
std::string valid_utf8(std::string_view text);

}  // namespace troupe::command
