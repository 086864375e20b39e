// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <fmt/core.h>

#include <charconv>
#include <stdexcept>
#include <string>
#include <vector>

struct Arguments {
  std::string directory;
  std::size_t crash_at = 0;  // the N-th file; 0: none
  bool is_in_process = false;
};

inline constexpr const char* kUsage =
    "usage: word_count [DIR] [--crash N | --in-process]   (DIR: /usr/include; N: the file's number, from 1)";

inline std::size_t number_in(const std::string& text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0)
    throw std::invalid_argument(fmt::format("--crash takes a number from 1, not \"{}\"\n{}", text, kUsage));
  return number;
}

inline Arguments parse(const std::vector<std::string>& words) {
  Arguments arguments;
  for (auto word = words.begin(); word != words.end(); ++word) {
    if (*word == "--in-process") {
      arguments.is_in_process = true;
    } else if (*word == "--crash") {
      arguments.crash_at = number_in(word + 1 != words.end() ? *++word : std::string());
    } else if (word->starts_with("-") || word->empty() || !arguments.directory.empty()) {
      throw std::invalid_argument(fmt::format("\"{}\" is one argument too many\n{}", *word, kUsage));
    } else {
      arguments.directory = *word;
    }
  }
  if (arguments.is_in_process && arguments.crash_at != 0)
    throw std::invalid_argument(fmt::format("--crash would crash this program: it needs actors, not --in-process\n{}", kUsage));
  if (arguments.directory.empty()) arguments.directory = "/usr/include";
  return arguments;
}
