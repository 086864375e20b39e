// SPDX-License-Identifier: BSL-1.0
#include "platform/memory_kills.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "platform/cgroup_linux.hpp"
#include "platform/handle.hpp"

namespace troupe::platform {
namespace {

constexpr const char* kMachine = "/proc/vmstat";  // nothing tells when it changes

struct Counted {
  std::string file;
  std::uint64_t kills = 0;
};

std::optional<std::uint64_t> kills_in(const std::string& path) {
  std::ifstream file(path);
  std::uint64_t number = 0;
  for (std::string key; file >> key >> number;) {
    if (key == "oom_kill") return number;
  }
  return std::nullopt;
}

// Of the innermost group of version 2 that tells; its name may be one that only the outside of a container knows. In version 1
// a process that has ended is in no group any more: then the whole machine's.
std::optional<Counted> kills_of(const std::vector<std::string>& groups) {
  for (const std::string& group : groups) {
    const std::string path = group + "/memory.events";
    if (const auto kills = kills_in(path)) return Counted{path, *kills};
  }
  const auto kills = kills_in(kMachine);
  return kills ? std::optional(Counted{kMachine, *kills}) : std::nullopt;
}

double limit_of(const std::vector<std::string>& groups) {
  double limit = std::numeric_limits<double>::infinity();
  for (const std::string& group : groups) {
    limit = std::min(limit, number_in(group + "/memory.max", limit));
  }
  return limit;
}

// The log counts processes as the outermost namespace does: elsewhere its numbers are other processes.
bool has_the_logs_numbers() {
  constexpr ino_t kOutermost = 0xeffffffc;  // PROC_PID_INIT_INO of the kernel
  struct stat found {};
  return ::stat("/proc/self/ns/pid", &found) == 0 && found.st_ino == kOutermost;
}

std::chrono::microseconds time_in(const std::string& log_record) {
  const std::size_t number = log_record.find(',') + 1;
  return std::chrono::microseconds(std::atoll(log_record.c_str() + log_record.find(',', number) + 1));
}

constexpr std::chrono::minutes kOfLate(1);

// From its end on; empty: it cannot be read here, or speaks of processes by other numbers.
Handle new_records_of_log() {
  if (!has_the_logs_numbers()) return {};
  Handle log(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (log && ::lseek(log.get(), 0, SEEK_END) < 0) log.reset();
  return log;
}

}  // namespace

int killed_for_memory(const std::string& log_record) {
  constexpr std::string_view kWords = "Killed process ";
  const std::size_t text = log_record.find(';') + 1;
  const std::size_t words = log_record.find(kWords, text);
  const std::size_t reason = log_record.find("ut of memory", text);  // "Out of memory: ", "Memory cgroup out of memory: "
  if (text == 0 || words == std::string::npos || reason >= words) return 0;
  return std::atoi(log_record.c_str() + words + kWords.size());
}

// Clocks are steered by 0.05 % at the most (adjtimex(2)).
bool is_of_late(std::chrono::microseconds logged, std::chrono::steady_clock::time_point now) {
  constexpr int kDrift = 1000;
  return now.time_since_epoch() - logged < kOfLate + now.time_since_epoch() / kDrift;
}

bool can_read_kernel_log() {
  static const bool can_read = static_cast<bool>(new_records_of_log());
  return can_read;
}

std::vector<std::string> memory_groups_of(int pid) {
  return control_groups("memory", "/proc/" + std::to_string(pid) + "/cgroup");
}

MemoryKills::MemoryKills() : MemoryKills(new_records_of_log(), control_groups("memory")) {}

MemoryKills::MemoryKills(Handle log, const std::vector<std::string>& own_groups) : log_(std::move(log)) {
  if (!log_) watch_own(own_groups);
}

// Where it cannot be watched (limits of inotify(7), no version 2), what was counted long ago is not told from what is new.
// Watched first: what changes in between is read.
void MemoryKills::watch_own(const std::vector<std::string>& groups) {
  const auto found = kills_of(groups);
  if (!found) return;
  if (found->file != kMachine) changes_ = Handle(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  const bool is_watched = changes_ && ::inotify_add_watch(changes_.get(), found->file.c_str(), IN_MODIFY) >= 0;
  if (!is_watched) changes_.reset();
  const std::uint64_t kills = kills_in(found->file).value_or(found->kills);
  const auto now = Clock::now();
  counts_[found->file] = {.settled = kills, .latest = kills, .rose = now, .read = now, .is_watched = is_watched};
}

void MemoryKills::note_changes(Clock::time_point now) {
  std::array<char, 4096> events;
  while (::read(changes_.get(), events.data(), events.size()) > 0) continue;
  for (auto& [file, count] : counts_) {
    if (!count.is_watched) continue;
    if (const auto kills = kills_in(file)) note(count, *kills, now);
  }
}

void MemoryKills::note(Count& count, std::uint64_t kills, Clock::time_point now) {
  if (now - count.rose >= kOfLate) count.settled = std::max(count.settled, count.latest);
  count.read = now;
  if (kills == count.latest) return;
  count.latest = kills;
  count.rose = now;
}

// A number may come again: what was said of it long ago is of another one.
std::optional<bool> MemoryKills::log_names(int pid, Clock::time_point now) {
  if (!log_) return std::nullopt;
  std::array<char, 8192> record;
  bool is_whole = true;
  for (;;) {
    const ssize_t bytes = ::read(log_.get(), record.data(), record.size());
    const bool were_some_overwritten = bytes < 0 && errno == EPIPE;
    is_whole &= !were_some_overwritten;
    if (were_some_overwritten) continue;
    if (bytes <= 0) break;
    const std::string text(record.data(), static_cast<std::size_t>(bytes));
    if (const int killed = killed_for_memory(text); killed != 0) named_.push_back({killed, time_in(text), now});
    if (named_.size() > kMostNamed) named_.pop_front();
  }
  const bool is_named = std::any_of(named_.begin(), named_.end(), [&](const Named& each) {
    return each.pid == pid && now - each.read < kOfLate && is_of_late(each.logged, now);
  });
  return is_named || is_whole ? std::optional(is_named) : std::nullopt;
}

// The log knows whom. Without it, a count that has not risen rules it out; one that has is as good as sure only of one that was
// known to be in this group before, that nobody else's death can be confounded with, and that was large.
MemoryKills::Answer MemoryKills::judge(const Evidence& evidence) {
  if (evidence.log_names_it) return *evidence.log_names_it ? Answer::yes : Answer::no;
  if (evidence.new_kills == 0) return Answer::no;
  if (!evidence.new_kills) return Answer::unknown;
  return evidence.new_kills == 1 && evidence.are_new && evidence.was_large && !evidence.others_end ? Answer::yes
                                                                                                   : Answer::perhaps;
}

// The kernel writes its log before the process has ended, and reading what is new there costs least.
MemoryKills::Answer MemoryKills::was_one(const Question& question, Clock::time_point now) {
  Evidence evidence{.log_names_it = log_names(question.pid, now), .others_end = question.others_end};
  if (evidence.log_names_it) return judge(evidence);
  const auto found = kills_of(question.groups);
  const auto known = found ? counts_.find(found->file) : counts_.end();
  Count count = known != counts_.end() ? known->second : Count{};
  evidence.are_new = count.is_watched || (known != counts_.end() && now - count.read < kOfLate);
  if (found) note(count, found->kills, now);
  if (found) evidence.new_kills = found->kills - std::min(count.settled, found->kills);
  evidence.was_large = static_cast<double>(question.resident_bytes) * 2 >= limit_of(question.groups);
  const Answer answer = judge(evidence);
  const bool is_told = answer == Answer::yes || answer == Answer::perhaps;
  if (is_told) count.settled = evidence.are_new ? count.settled + 1 : count.latest;
  if (is_told || known != counts_.end()) counts_[found->file] = count;
  return answer;
}

}  // namespace troupe::platform
