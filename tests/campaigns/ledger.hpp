// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/death.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "platform/memory.hpp"

namespace troupe::campaigns {

// What the client knows of a call. Adding one: Ledger's table of what the journal may say then.
enum class Verdict : std::uint8_t {
  none,
  waiting,      // sent; its outcome is not there
  value,        // it gave the right value
  not_started,  // the three that a failed call may have
  maybe,
  done,
  told,                // a one-way message
  told_then_answered,  // ... before a call of the same thread to the same actor that was answered
};
Verdict verdict_of(Execution execution);
const char* text_of(Verdict verdict);

// Who is said to have died, for a call that failed.
enum class Blame : std::uint8_t { nobody, actor, manager, anybody };  // anybody: only allowed, never said

// One line for each call of a case: what its client was told, and (the journal) what its actor did. Lies in shared memory:
// clients write the verdicts, actors count begins and ends, whoever dies. When the actors' processes have ended, the two
// must agree. Thread-safety: full, but for the judgement, which comes last.
class Ledger {
 public:
  // A new one, for kCalls calls. Errors: std::system_error.
  Ledger();
  // Another process's, by its path. Errors: std::system_error, ProtocolError.
  explicit Ledger(const std::string& path);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // Where other processes open it, as long as the one that made it lives.
  const std::string& path() const { return path_; }

  // ---- the clients' half

  // The number of a new call to the actor in process `pid`; nullopt when the load has filled its part of the ledger.
  std::optional<std::uint64_t> open(int pid, Verdict verdict);
  // The same from the part that is kept for the oracle's own calls, which must not be left out.
  std::uint64_t open_reserved(int pid, Verdict verdict);
  // A second verdict for one call is a complaint.
  void close(std::uint64_t number, Verdict verdict, Blame blame);
  void note_answered_after(std::uint64_t told_number);
  // Something is wrong that lines cannot tell; it is printed at once, and nobody will agree any more.
  void complain(const std::string& what);

  void announce_load();
  // Blocks: until some client has announced its load; false at `deadline`.
  bool await_load(std::chrono::steady_clock::time_point deadline) const;

  // Blocks: until the actor in process `pid` begins one of the calls that wait now, spinning; or until `deadline`.
  void await_begin(int pid, std::chrono::steady_clock::time_point deadline) const;

  // ---- the actors' half

  void begin(std::uint64_t number);
  void end(std::uint64_t number);

  // ---- afterwards

  // Each call has one verdict, the journal agrees with each, and who failed blames `allowed`. With `client_died` calls may
  // be waiting for ever. Errors: Broken with the first lines that do not.
  void expect_agreement(Blame allowed, bool client_died = false) const;
  // The first calls that are still waiting, for people.
  std::string open_calls() const;
  // How many calls had which outcome, over all ledgers of this process that were found to agree: whether the cases hit.
  static std::string tally();

  static constexpr std::size_t kCalls = std::size_t{1} << 17;
  static constexpr std::size_t kReserved = std::size_t{1} << 12;  // not for the load

 private:
  struct Front {
    std::atomic<std::uint64_t> used;
    std::atomic<std::uint32_t> complaints;
    std::atomic<std::uint32_t> has_load;
    std::byte unused[48];
  };
  struct Line {
    std::atomic<std::uint8_t> begun;
    std::atomic<std::uint8_t> ended;
    std::atomic<Verdict> verdict;
    std::atomic<Blame> blame;
    std::atomic<std::int32_t> pid;
  };
  static_assert(sizeof(Front) == 64 && sizeof(Line) == 8 && std::atomic<Verdict>::is_always_lock_free);

  Front& front() const { return *reinterpret_cast<Front*>(mapping_.data()); }
  Line& line(std::uint64_t number) const { return reinterpret_cast<Line*>(mapping_.data() + sizeof(Front))[number]; }
  std::size_t used() const;
  static bool agrees(const Line& line, Blame allowed, bool client_died);
  std::string text_of_line(std::uint64_t number) const;

  platform::SharedMemory memory_;
  platform::Mapping mapping_;
  std::string path_;
  bool is_own_ = false;
};

}  // namespace troupe::campaigns
