// SPDX-License-Identifier: BSL-1.0
#include "ledger.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <system_error>

#include "campaign.hpp"
#include "platform/futex.hpp"
#include "watchdog.hpp"

namespace troupe::campaigns {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;  // lines are compared when those who wrote them have ended
constexpr std::size_t kMostShown = 10;

constexpr std::array<const char*, 8> kVerdictTexts = {"none",  "waiting", "value", "not started",
                                                      "maybe", "done",    "told",  "told before an answer"};
std::array<std::size_t, kVerdictTexts.size()> outcomes;  // by verdict; the judgement's thread

platform::SharedMemory open_shared(const std::string& path) {
  platform::Handle handle(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!handle) throw std::system_error(errno, std::generic_category(), "opening the ledger " + path);
  return platform::SharedMemory::adopt(std::move(handle), 0);
}

}  // namespace

Verdict verdict_of(Execution execution) {
  switch (execution) {
    case Execution::not_started:
      return Verdict::not_started;
    case Execution::maybe:
      return Verdict::maybe;
    case Execution::done:
      break;
  }
  return Verdict::done;
}

const char* text_of(Verdict verdict) {
  constexpr const char* kTexts[] = {"none",  "waiting", "value", "not started",
                                    "maybe", "done",    "told",  "told, a later call was answered"};
  return kTexts[static_cast<int>(verdict)];
}

Ledger::Ledger()
    : memory_(platform::SharedMemory::create("a ledger", sizeof(Front) + kCalls * sizeof(Line))),
      mapping_(memory_, platform::Access::read_write),
      path_(fmt::format("/proc/{}/fd/{}", ::getpid(), memory_.handle().get())),
      is_own_(true) {
  watchdog().set_witness([this] { return open_calls(); });
}

Ledger::Ledger(const std::string& path)
    : memory_(open_shared(path)), mapping_(memory_, platform::Access::read_write), path_(path) {
  expect(mapping_.size_bytes() >= sizeof(Front) + kCalls * sizeof(Line), "the ledger {} is too small", path);
  memory_ = {};
}

Ledger::~Ledger() {
  if (is_own_) watchdog().set_witness({});
}

std::optional<std::uint64_t> Ledger::open(int pid, Verdict verdict) {
  if (used() >= kCalls - kReserved) return std::nullopt;
  return open_reserved(pid, verdict);
}

std::uint64_t Ledger::open_reserved(int pid, Verdict verdict) {
  const std::uint64_t number = front().used.fetch_add(1, kRelaxed);
  expect(number < kCalls, "the ledger is full");
  line(number).pid.store(pid, kRelaxed);
  line(number).verdict.store(verdict, kRelaxed);
  return number;
}

void Ledger::close(std::uint64_t number, Verdict verdict, Blame blame) {
  const Verdict before = line(number).verdict.exchange(verdict, kRelaxed);
  line(number).blame.store(blame, kRelaxed);
  if (before == Verdict::waiting || before == Verdict::told) return;
  complain(fmt::format("call {} got a second verdict: {} after {}", number, text_of(verdict), text_of(before)));
}

void Ledger::note_answered_after(std::uint64_t told_number) {
  line(told_number).verdict.store(Verdict::told_then_answered, kRelaxed);
}

void Ledger::complain(const std::string& what) {
  if (front().complaints.fetch_add(1, kRelaxed) < kMostShown) fmt::print(stderr, "campaign, process {}: {}\n", ::getpid(), what);
}

void Ledger::announce_load() {
  front().has_load.store(1);
  platform::futex_wake(front().has_load, INT_MAX, platform::FutexScope::shared);
}

bool Ledger::await_load(std::chrono::steady_clock::time_point deadline) const {
  while (front().has_load.load() == 0) {
    if (platform::futex_wait(front().has_load, 0, platform::FutexScope::shared, deadline) == platform::FutexWake::timed_out)
      return false;
  }
  return true;
}

void Ledger::await_begin(int pid, std::chrono::steady_clock::time_point deadline) const {
  const auto is_next = [&](std::uint64_t number) {
    return line(number).pid.load(kRelaxed) == pid && line(number).begun.load(kRelaxed) == 0;
  };
  std::uint64_t number = used();
  while (number > 0 && !is_next(number - 1)) --number;  // the last one that has not begun: some have a way to go to it
  while (number > 0 && line(number - 1).begun.load(kRelaxed) == 0 && std::chrono::steady_clock::now() < deadline) {
  }
}

void Ledger::begin(std::uint64_t number) {
  expect(number < kCalls, "a call arrived with the number {}", number);
  line(number).begun.fetch_add(1, kRelaxed);
}

void Ledger::end(std::uint64_t number) { line(number).ended.fetch_add(1, kRelaxed); }

std::size_t Ledger::used() const { return std::min<std::size_t>(front().used.load(kRelaxed), kCalls); }

bool Ledger::agrees(const Line& line, Blame allowed, bool client_died) {
  const unsigned begun = line.begun.load(kRelaxed);
  const unsigned ended = line.ended.load(kRelaxed);
  const Blame blame = line.blame.load(kRelaxed);
  if (ended > begun || begun > 1 || (blame != Blame::nobody && allowed != Blame::anybody && blame != allowed)) return false;
  switch (line.verdict.load(kRelaxed)) {
    case Verdict::none:  // its client died between taking the number and sending
      return client_died && begun == 0;
    case Verdict::waiting:
      return client_died;
    case Verdict::value:
    case Verdict::done:
    case Verdict::told_then_answered:
      return ended == 1;
    case Verdict::not_started:
      return begun == 0;
    case Verdict::maybe:
    case Verdict::told:
      return true;
  }
  return false;
}

void Ledger::expect_agreement(Blame allowed, bool client_died) const {
  std::size_t wrong = 0;
  std::string shown;
  for (std::uint64_t number = 0; number < used(); ++number) {
    ++outcomes[static_cast<std::size_t>(line(number).verdict.load(kRelaxed))];
    if (agrees(line(number), allowed, client_died)) continue;
    if (++wrong <= kMostShown) shown += text_of_line(number);
  }
  expect(wrong == 0, "the ledger disagrees in {} of {} calls:\n{}", wrong, used(), shown);
  const auto complaints = front().complaints.load(kRelaxed);
  expect(complaints == 0, "there were {} complaints, see above", complaints);
}

std::string Ledger::tally() {
  std::string text;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i] != 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", outcomes[i], kVerdictTexts[i]);
  }
  return text;
}

std::string Ledger::open_calls() const {
  std::size_t waiting = 0;
  std::string shown;
  for (std::uint64_t number = 0; number < used(); ++number) {
    if (line(number).verdict.load(kRelaxed) != Verdict::waiting) continue;
    if (++waiting <= kMostShown) shown += text_of_line(number);
  }
  return fmt::format("  {} of {} calls have no outcome yet:\n{}", waiting, used(), shown);
}

std::string Ledger::text_of_line(std::uint64_t number) const {
  constexpr const char* kBlames[] = {"", ", the actor is said to have died", ", the manager is said to have died"};
  const Line& each = line(number);
  return fmt::format("  call {} to process {}: {}{}; begun {} times, ended {} times\n", number, each.pid.load(kRelaxed),
                     text_of(each.verdict.load(kRelaxed)), kBlames[static_cast<int>(each.blame.load(kRelaxed))],
                     each.begun.load(kRelaxed), each.ended.load(kRelaxed));
}

}  // namespace troupe::campaigns
