// SPDX-License-Identifier: BSL-1.0
// What any program that serializes and prints has to compile: the reference of compile.hello.
#include <fmt/core.h>
#include <cereal/archives/binary.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/tuple.hpp>
#include <cereal/types/vector.hpp>

#include <sstream>
#include <string>
#include <tuple>
#include <vector>

int main() {
  std::ostringstream bytes;
  cereal::BinaryOutputArchive archive(bytes);
  archive(std::vector<int>{1, 2, 3}, std::string("text"), std::tuple<int, double>(1, 2.0));
  fmt::print("{}\n", bytes.str().size());
}
