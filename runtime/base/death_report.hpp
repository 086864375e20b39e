// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/death.hpp>
#include <troupe/timeout.hpp>

#include <condition_variable>
#include <mutex>

namespace troupe::detail {

// What is known of one death; shared by all errors that speak of it, and completed when the manager's report arrives.
// Thread-safety: full.
class DeathReport {
 public:
  // What can be said so far. Has no effect once the report is complete.
  void note(const DeathCause& partial);
  // The whole report, and whoever waits for it goes on. The first one counts.
  void complete(const DeathCause& cause);
  // Blocks: until it is complete, at most `timeout`; then what there is so far (DeathKind::unknown when nothing is).
  DeathCause wait(Timeout timeout) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable completed_;
  DeathCause cause_;          // guarded by mutex_
  bool is_complete_ = false;  // guarded by mutex_
};

}  // namespace troupe::detail
