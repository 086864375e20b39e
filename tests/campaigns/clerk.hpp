// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/troupe.hpp>

#include <array>
#include <cstdint>
#include <string>

#include "ledger.hpp"

namespace troupe::campaigns {

// The actor of the campaigns: writes into the ledger when each of its methods begins and ends, and sees to it that each
// sender's calls come in the order in which they were sent.
class Clerk {
 public:
  static constexpr std::size_t kSenders = 4;

  explicit Clerk(const std::string& ledger_path) : ledger_(ledger_path) {}

  std::uint64_t count(std::uint64_t number, std::uint32_t sender, std::uint32_t work_us);
  std::string echo(std::uint64_t number, std::uint32_t sender, const std::string& text);
  void note(std::uint64_t number, std::uint32_t sender);
  // The numbers from `first` on, without end.
  Generator<std::uint64_t> pages(std::uint64_t first) const;

  // What count gives back for a number, and what the text of an echo is.
  static std::uint64_t counted(std::uint64_t number) { return number * 7 + 3; }
  static std::string text_of(std::uint64_t number, std::uint32_t bytes);

 private:
  class Entry;

  Ledger ledger_;
  std::array<std::uint64_t, kSenders> next_{};  // the least number that may come from each
};

}  // namespace troupe::campaigns
