// SPDX-License-Identifier: BSL-1.0
#include "platform/memory_kills.hpp"

#include <fcntl.h>
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

struct Count {
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
std::optional<Count> kills_of(const std::vector<std::string>& groups) {
  for (const std::string& group : groups) {
    const std::string path = group + "/memory.events";
    if (const auto kills = kills_in(path)) return Count{path, *kills};
  }
  const std::string machine = "/proc/vmstat";
  const auto kills = kills_in(machine);
  return kills ? std::optional(Count{machine, *kills}) : std::nullopt;
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

MemoryKills::MemoryKills() : log_(new_records_of_log()) {
  if (log_) return;
  if (const auto count = kills_of(control_groups("memory"))) told_of_[count->file] = count->kills;
}

// A number may come again: what was said of it long ago is of another one.
std::optional<bool> MemoryKills::log_names(int pid) {
  if (!log_) return std::nullopt;
  const auto now = std::chrono::steady_clock::now();
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
MemoryKills::Answer MemoryKills::was_one(const Question& question) {
  Evidence evidence{.log_names_it = log_names(question.pid), .others_end = question.others_end};
  if (evidence.log_names_it) return judge(evidence);
  const auto count = kills_of(question.groups);
  const auto known = count ? told_of_.find(count->file) : told_of_.end();
  evidence.are_new = known != told_of_.end();
  const std::uint64_t told_of = evidence.are_new ? std::min(known->second, count->kills) : 0;
  if (count) evidence.new_kills = count->kills - told_of;
  evidence.was_large = static_cast<double>(question.resident_bytes) * 2 >= limit_of(question.groups);
  const Answer answer = judge(evidence);
  if (answer == Answer::yes || answer == Answer::perhaps) told_of_[count->file] = evidence.are_new ? told_of + 1 : count->kills;
  return answer;
}

}  // namespace troupe::platform
