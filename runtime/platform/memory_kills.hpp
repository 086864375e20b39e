// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "platform/handle.hpp"

namespace troupe::platform {

// Which control groups a process is in, of those that count memory: the innermost first. Also of one that has ended and has not
// been reaped.
std::vector<std::string> memory_groups_of(int pid);

// Then nobody needs groups.
bool can_read_kernel_log();

// Whether the kernel killed a process for want of memory. It tells in its log, where that can be read, and it counts such kills,
// for each control group (of version 2) and for the machine. A count does not say when: so that of this process's own group is
// looked at when it changes, where there is no log. Thread-safety: none.
class MemoryKills {
 public:
  using Clock = std::chrono::steady_clock;

  enum class Answer : std::uint8_t {
    unknown,  // it tells nothing
    no,
    perhaps,  // it has killed one of these processes, and does not say which
    yes,
  };

  // What was counted before is no news.
  MemoryKills();
  // With this log (empty: none), and in these groups.
  MemoryKills(Handle log, const std::vector<std::string>& own_groups);

  // Readable when note_changes() has something to do: at each kill, and (ten times a second at the most, by a process under
  // memory.high) when the group comes near its limits. Empty: never.
  const Handle& changes() const { return changes_; }
  void note_changes(Clock::time_point now = Clock::now());

  // Of a child that SIGKILL has ended, and nobody of this program sent it. `groups`: before it was reaped. `others_end`: others
  // like it end at this moment.
  struct Question {
    int pid = 0;
    std::vector<std::string> groups{};
    std::uint64_t resident_bytes = 0;  // at its most
    bool others_end = false;
  };
  Answer was_one(const Question& question, Clock::time_point now = Clock::now());

  // What there is to go by. Pure.
  struct Evidence {
    // In its control group (or on the machine), that no other death accounts for; absent: nobody counts.
    std::optional<std::uint64_t> new_kills{};
    bool are_new = false;                // else they may have been long ago
    std::optional<bool> log_names_it{};  // absent: the log cannot be read
    bool was_large = false;              // it had half of what the group may have: then nobody had more
    bool others_end = false;
  };
  static Answer judge(const Evidence& evidence);

 private:
  struct Named {
    int pid = 0;
    std::chrono::microseconds logged{};  // when, as the log counts
    Clock::time_point read{};            // not before that
  };
  struct Count {
    std::uint64_t settled = 0;  // kills that nobody who ends now is one of: told of, or counted long ago
    std::uint64_t latest = 0;
    Clock::time_point rose{};  // when it was found to be that
    Clock::time_point read{};
    bool is_watched = false;  // it is read when it changes
  };
  static constexpr std::size_t kMostNamed = 64;

  std::optional<bool> log_names(int pid, Clock::time_point now);
  void watch_own(const std::vector<std::string>& groups);
  static void note(Count& count, std::uint64_t kills, Clock::time_point now);

  const Handle log_;                     // empty: it cannot be read
  std::deque<Named> named_;              // by the log, since this began: the last ones
  std::map<std::string, Count> counts_;  // by the file that counts
  Handle changes_;
};

// What a line of the kernel's log ("priority,number,microseconds,flags;text") says: the process that was killed for want of
// memory. 0: nothing of the kind. Pure.
int killed_for_memory(const std::string& log_record);

// Whether that was within the last minute. The log's clock begins with the steady one and is never corrected: the older the
// machine, the less they agree. Pure.
bool is_of_late(std::chrono::microseconds logged, std::chrono::steady_clock::time_point now);

}  // namespace troupe::platform
