// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/troupe.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "campaign.hpp"

namespace troupe::campaigns {

// A piece of this process's address space that is a writable part of some channel.
struct Ground {
  std::byte* bytes = nullptr;
  std::size_t size_bytes = 0;

  friend bool operator==(const Ground&, const Ground&) = default;
};

// All that this process has of that kind, and what came since `before`.
std::vector<Ground> writable_grounds();
std::vector<Ground> grounds_since(const std::vector<Ground>& before);

// Writes words there, near the front mostly.
void wreck(const std::vector<Ground>& grounds, Random& random, int words);

// An actor with nothing to hide.
class Target {
 public:
  std::uint64_t twice(std::uint64_t number) { return 2 * number; }
  std::string echo(const std::string& text) { return text; }
};

// Another one, that calls it.
class Visitor {
 public:
  bool visit(const Proxy<Target>& target);
};

// An actor that turns against whoever talks to it.
class Vandal : public Target {
 public:
  // From now on it writes into its channels while it serves them.
  void run_amok(std::uint64_t seed);
  // Sends its manager messages that are nearly right.
  void babble(std::uint64_t seed);
};

// What can be sent along with a message that must not have it.
std::vector<int> draw_handles(Random& random);
// One that has been changed here and there, or cut, or has grown.
std::vector<std::byte> spoiled(std::vector<std::byte> message, Random& random);

}  // namespace troupe::campaigns
