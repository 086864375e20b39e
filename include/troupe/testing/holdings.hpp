// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <iosfwd>
#include <string>
#include <vector>

namespace troupe::testing {

// What a process holds of the system's things, each as people would name it: "1234 (troupe-manager)", "7: socket:[4711]". A
// value.
struct Holdings {
  std::vector<std::string> processes{};  // below it, ended ones that nobody has reaped included
  std::vector<std::string> threads{};
  std::vector<std::string> handles{};
  std::vector<std::string> shared_mappings{};  // of memory, not of files
  std::vector<std::string> shared_names{};     // in /dev/shm: the machine's

  static Holdings now();  // this process's
  static Holdings of(int pid);

  // What is here and not there, a line for each; empty: nothing.
  std::string beyond(const Holdings& other) const;
  // How many there are of each kind.
  std::string text() const;

  friend bool operator==(const Holdings&, const Holdings&) = default;
};

void PrintTo(const Holdings& held, std::ostream* out);

// What this process holds and did not hold `before`, and the handles that it held and holds no longer, a line for each; empty:
// nothing. Blocks: while there is a process or thread more than before, which may be about to end, for so long at the most.
std::string left_behind(const Holdings& before, std::chrono::milliseconds patience);

}  // namespace troupe::testing
