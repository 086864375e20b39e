// SPDX-License-Identifier: BSL-1.0
// The lines of a large file that hold a word, as they are found: the search runs in a process of its own, no further ahead than
// its reader wants, and stops when that has seen enough.
//
//   streams FILE WORD [MOST]
#include <fmt/core.h>
#include <troupe/troupe.hpp>

#include <cerrno>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>
#include <system_error>

class Searcher {
 public:
  troupe::Generator<std::string> lines_with(std::string path, std::string word) {
    std::ifstream file(path);
    if (!file) throw std::system_error(errno, std::generic_category(), path);
    for (std::string line; std::getline(file, line); ++lines_read_) {
      if (line.find(word) != std::string::npos) co_yield line;
    }
  }
  long lines_read() const { return lines_read_; }

 private:
  long lines_read_ = 0;
};

// Prints the first `most` of them. Errors: what the search fails with.
void print_lines(const troupe::Proxy<Searcher>& searcher, const std::string& path, const std::string& word, int most) {
  for (const std::string& line : searcher.stream<&Searcher::lines_with>(path, word)) {
    if (most-- == 0) break;
    fmt::print("{}\n", line);
  }
}

int main(int argc, char** argv) {
  troupe::Runtime runtime(argc, argv);
  if (argc < 3) {
    fmt::print(stderr, "usage: streams FILE WORD [MOST]\n");
    return EXIT_FAILURE;
  }
  const auto searcher = runtime.spawn<Searcher>();
  try {
    print_lines(searcher, argv[1], argv[2], argc > 3 ? std::atoi(argv[3]) : -1);
  } catch (const std::exception& error) {
    fmt::print(stderr, "streams: {}\n", error.what());
    return EXIT_FAILURE;
  }
  fmt::print("({} lines read)\n", searcher.call<&Searcher::lines_read>().get());
}
