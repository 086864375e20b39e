// SPDX-License-Identifier: BSL-1.0
#include "words.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <string_view>
#include <unordered_map>

namespace {

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool holds_text(const std::string& path) {
  char front[4096];
  std::ifstream file(path, std::ios::binary);
  file.read(front, sizeof front);
  const auto* end = front + file.gcount();
  return std::find(static_cast<const char*>(front), end, '\0') == end;
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

}  // namespace

WordTable count_words(const std::string& path) {
  const std::string text = read(path);
  std::unordered_map<std::string_view, std::uint64_t> counts;
  for (auto at = text.begin(); at != text.end();) {
    at = std::find_if(at, text.end(), is_word);
    const auto end = std::find_if_not(at, text.end(), is_word);
    if (at != end && std::isdigit(static_cast<unsigned char>(*at)) == 0)
      ++counts[std::string_view(&*at, static_cast<std::size_t>(end - at))];
    at = end;
  }
  return {counts.begin(), counts.end()};
}

std::vector<std::string> text_files(const std::filesystem::path& directory) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file() && holds_text(entry.path())) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}
