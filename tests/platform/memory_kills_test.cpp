// SPDX-License-Identifier: BSL-1.0
#include "platform/memory_kills.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace troupe::platform {
namespace {

TEST(KernelLog, SaysWhomItKilledForMemory) {
  EXPECT_EQ(killed_for_memory("3,812,100,-;Out of memory: Killed process 4711 (hog) total-vm:1kB"), 4711);
  EXPECT_EQ(killed_for_memory("3,812,100,-;Memory cgroup out of memory: Killed process 12 (a b) total-vm:1kB"), 12);
}

TEST(KernelLog, SaysMuchElse) {
  EXPECT_EQ(killed_for_memory("6,1,2,-;oom_reaper: reaped process 4711 (hog), now anon-rss:0kB"), 0);
  EXPECT_EQ(killed_for_memory("6,1,2,-;somebody: Killed process 4711 (hog)"), 0);
  EXPECT_EQ(killed_for_memory("6,1,2,-;Killed process 4711 (hog), it ran out of memory"), 0);
  EXPECT_EQ(killed_for_memory("Out of memory: Killed process 4711"), 0);
  EXPECT_EQ(killed_for_memory(""), 0);
}

TEST(KernelLog, SaysWhenByAClockThatMayBeAStepAsideOfOurs) {
  using namespace std::chrono_literals;
  const std::chrono::steady_clock::time_point young(1h);
  EXPECT_TRUE(is_of_late(1h - 1s, young));
  EXPECT_TRUE(is_of_late(1h + 1s, young));
  EXPECT_FALSE(is_of_late(1h - 2min, young));
  const std::chrono::steady_clock::time_point old(24h * 365);
  EXPECT_TRUE(is_of_late(24h * 365 - 4h, old));  // 0.05 % of a year
  EXPECT_FALSE(is_of_late(24h * 364, old));
}

using Answer = MemoryKills::Answer;

// All that speaks for it, where nobody may read the log.
MemoryKills::Evidence strong_evidence() { return {.new_kills = 1, .are_new = true, .was_large = true}; }

TEST(MemoryKills, BelieveTheLogInAnyCase) {
  auto evidence = strong_evidence();
  evidence.log_names_it = false;
  EXPECT_EQ(MemoryKills::judge(evidence), Answer::no);
  EXPECT_EQ(MemoryKills::judge({.new_kills = 3, .log_names_it = true, .others_end = true}), Answer::yes);
  EXPECT_EQ(MemoryKills::judge({.log_names_it = true}), Answer::yes);
}

TEST(MemoryKills, KnowThatItWasNoneWhereNoneWasCounted) {
  EXPECT_EQ(MemoryKills::judge({.new_kills = 0, .are_new = true, .was_large = true}), Answer::no);
}

TEST(MemoryKills, AreSureWithoutALogOnlyIfAllSpeaksForIt) {
  EXPECT_EQ(MemoryKills::judge(strong_evidence()), Answer::yes);
  auto evidence = strong_evidence();
  evidence.new_kills = 2;
  EXPECT_EQ(MemoryKills::judge(evidence), Answer::perhaps);
  evidence = strong_evidence();
  evidence.are_new = false;
  EXPECT_EQ(MemoryKills::judge(evidence), Answer::perhaps);
  evidence = strong_evidence();
  evidence.was_large = false;
  EXPECT_EQ(MemoryKills::judge(evidence), Answer::perhaps);
  evidence = strong_evidence();
  evidence.others_end = true;
  EXPECT_EQ(MemoryKills::judge(evidence), Answer::perhaps);
}

TEST(MemoryKills, KnowNothingWithoutCountAndLog) { EXPECT_EQ(MemoryKills::judge({}), Answer::unknown); }

TEST(MemoryKills, ClaimsNothingOfAProcessThatTheKernelDidNotKill) {
  MemoryKills kills;
  const auto answer = kills.was_one({.pid = ::getpid(), .groups = memory_groups_of(::getpid())});
  EXPECT_NE(answer, MemoryKills::Answer::yes);
}

TEST(MemoryKills, KnowNothingWithoutGroups) {
  MemoryKills kills;
  const auto answer = kills.was_one({.pid = ::getpid()});
  EXPECT_TRUE(answer == MemoryKills::Answer::unknown || answer == MemoryKills::Answer::no);
}

// A control group with a limit of a million bytes, and how many the kernel has killed there.
class FakeGroup {
 public:
  FakeGroup() {
    write("memory.max", "1000000");
    count(3);
  }
  ~FakeGroup() { std::filesystem::remove_all(path_); }
  FakeGroup(const FakeGroup&) = delete;
  FakeGroup& operator=(const FakeGroup&) = delete;

  void count(int kills) const { write("memory.events", fmt::format("low 0\nmax 17\noom_kill {}\n", kills)); }
  std::vector<std::string> groups() const { return {path_}; }
  // Of one that had most of that.
  MemoryKills::Question question() const { return {.pid = 1, .groups = groups(), .resident_bytes = 900'000}; }

 private:
  static std::string make_folder() {
    std::string path = "/tmp/troupe-group-XXXXXX";
    return ::mkdtemp(path.data()) != nullptr ? path : throw std::runtime_error("no folder");
  }
  void write(const char* name, const std::string& text) const { std::ofstream(path_ + "/" + name) << text; }

  const std::string path_ = make_folder();
};

constexpr std::chrono::hours kLater(2);

TEST(CountedMemoryKills, AreBelievedOnceEach) {
  const FakeGroup group;
  MemoryKills kills({}, group.groups());
  EXPECT_EQ(kills.was_one(group.question()), Answer::no);
  group.count(4);
  EXPECT_EQ(kills.was_one(group.question()), Answer::yes);
  EXPECT_EQ(kills.was_one(group.question()), Answer::no);
}

TEST(CountedMemoryKills, AreNoneOfWhoEndsLongAfterwards) {
  const FakeGroup group;
  MemoryKills kills({}, group.groups());
  const auto now = MemoryKills::Clock::now();
  group.count(4);
  kills.note_changes(now);
  EXPECT_EQ(kills.was_one(group.question(), now + kLater), Answer::no);
  group.count(5);
  EXPECT_EQ(kills.was_one(group.question(), now + kLater), Answer::yes);
}

TEST(CountedMemoryKills, AreToldOfWhenTheyHappen) {
  const FakeGroup group;
  MemoryKills kills({}, group.groups());
  pollfd told{kills.changes().get(), POLLIN, 0};
  EXPECT_EQ(::poll(&told, 1, 0), 0);
  group.count(4);
  EXPECT_EQ(::poll(&told, 1, 0), 1);
  kills.note_changes();
  EXPECT_EQ(::poll(&told, 1, 0), 0);
}

TEST(CountedMemoryKills, ThatNobodyHasWatchedAreBelievedHalf) {
  const FakeGroup own;
  const FakeGroup other;
  MemoryKills kills({}, own.groups());
  EXPECT_EQ(kills.was_one(other.question()), Answer::perhaps);
  other.count(4);
  EXPECT_EQ(kills.was_one(other.question(), MemoryKills::Clock::now() + kLater), Answer::perhaps);
}

}  // namespace
}  // namespace troupe::platform
