// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

using WordTable = std::vector<std::pair<std::string, std::uint64_t>>;  // word, how often

// The words (letters, digits, underscores; not starting with a digit) of one file, each with its count.
WordTable count_words(const std::string& path);

// All regular files below `directory` that hold text, in a fixed order.
std::vector<std::string> text_files(const std::filesystem::path& directory);
