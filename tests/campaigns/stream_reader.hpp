// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/troupe.hpp>

#include <atomic>
#include <cstdint>
#include <optional>

#include "campaign.hpp"
#include "clerk.hpp"
#include "ledger.hpp"

namespace troupe::campaigns {

// Whether an actor that is killed is started again.
enum class Lives : bool { one, many };

// One thread that reads streams of one actor, one after the other, until it is told to end or the actor falls for good. None of
// them may skip a value, give one twice, or end; some are dropped early. How it reads is drawn for each value.
class StreamReader {
 public:
  StreamReader(Proxy<Clerk> clerk, Ledger& ledger, std::uint64_t seed, Lives lives);
  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;

  void run();
  // Thread-safety: any thread.
  void end() { must_end_.store(true); }

 private:
  void read_one();
  std::optional<std::uint64_t> next_of(Stream<std::uint64_t>& stream);

  const Proxy<Clerk> clerk_;
  Ledger& ledger_;
  const Lives lives_;
  Random random_;
  std::atomic<bool> must_end_{false};
};

}  // namespace troupe::campaigns
