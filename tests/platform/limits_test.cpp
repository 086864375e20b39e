// SPDX-License-Identifier: BSL-1.0
#include "platform/limits.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <future>
#include <set>
#include <stdexcept>
#include <thread>

#include "support.hpp"

namespace troupe::platform::testing {
namespace {

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;

// A sanitizer's own memory is private, and more than anybody could allow.
bool has_shadow_memory() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t pages = 0;
  for (int column = 0; column < 6; ++column) file >> pages;
  return pages * 4096 > (std::uint64_t{1} << 40);
}

// Each limit in a child of its own: nobody gets rid of one. True: what was expected there held.
bool holds_in_child(bool (*expectation)()) {
  const ForkedChild child([expectation](ControlSocket&) { return expectation() ? 0 : 1; });
  return child.end() == ExitStatus{};
}

bool can_map(std::uint64_t bytes, int sharing) {
  void* place = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place != MAP_FAILED) ::munmap(place, bytes);
  return place != MAP_FAILED;
}

template <class Act>
std::string text_of_refusal(const Act& act) {
  try {
    act();
    return "(granted)";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

bool is_refused_with(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Permissions that the superuser does not need.
void become_nobody() {
  constexpr unsigned kNobody = 54'321;
  if (::geteuid() == 0 && ::setuid(kNobody) != 0) throw std::runtime_error("the user cannot be changed");
}

// With a second thread there; `look` gets the ids of both.
template <class Act, class Look>
bool holds_for_two_threads(const Act& act, const Look& look) {
  std::promise<int> started;
  std::promise<void> may_end;
  std::thread other([&] {
    started.set_value(::gettid());
    may_end.get_future().wait();
  });
  const int id = started.get_future().get();
  act();
  const bool holds = look(::gettid()) && look(id);
  may_end.set_value();
  other.join();
  return holds;
}

class MemoryLimit : public ::testing::Test {
 protected:
  void SetUp() override {
    if (has_shadow_memory()) GTEST_SKIP() << "a sanitizer takes more memory than anybody could allow";
  }
};

TEST_F(MemoryLimit, RefusesPrivateMemoryPastIt) {
  EXPECT_TRUE(holds_in_child([] {
    limit_memory(1024 * kMebibyte, kMebibyte);
    return can_map(512 * kMebibyte, MAP_PRIVATE) && !can_map(1024 * kMebibyte, MAP_PRIVATE);
  }));
}

TEST_F(MemoryLimit, DoesNotCountSharedMemory) {
  EXPECT_TRUE(holds_in_child([] {
    limit_memory(512 * kMebibyte, kMebibyte);
    return can_map(1024 * kMebibyte, MAP_SHARED);
  }));
}

TEST_F(MemoryLimit, IsRefusedWhereTheProcessNeedsMoreForItself) {
  EXPECT_TRUE(holds_in_child([] {
    const auto less = text_of_refusal([] { limit_memory(kMebibyte / 2, kMebibyte); });
    return is_refused_with(less, "0.5 MiB are less than") && can_map(64 * kMebibyte, MAP_PRIVATE);
  }));
  EXPECT_TRUE(holds_in_child([] {
    const auto reserve = text_of_refusal([] { limit_memory(1024 * kMebibyte, 1024 * kMebibyte); });
    return is_refused_with(reserve, "1024 MiB are less than");
  }));
}

void burn() {
  constexpr rlimit kNoCore{0, 0};
  ::setrlimit(RLIMIT_CORE, &kNoCore);
  for (volatile unsigned i = 0;;) i = i + 1;
}

TEST(CpuTimeLimit, MayBeAllThatThereIs) {
  EXPECT_TRUE(holds_in_child([] {
    constexpr rlimit kAMinute{60, 60};
    ::setrlimit(RLIMIT_CPU, &kAMinute);
    limit_cpu_time(60);
    return is_refused_with(text_of_refusal([] { limit_cpu_time(61); }), "60");
  }));
}

TEST(CpuTimeLimit, EndsWhoHasUsedItUp) {
  const ForkedChild child([](ControlSocket&) -> int {
    limit_cpu_time(1);
    burn();
    return 0;
  });
  EXPECT_EQ(child.end(), (ExitStatus{.signal = SIGXCPU}));
}

TEST(CpuTimeLimit, KillsWhoDoesNotListen) {
  const ForkedChild child([](ControlSocket&) -> int {
    ::signal(SIGXCPU, SIG_IGN);
    limit_cpu_time(1);
    burn();
    return 0;
  });
  EXPECT_EQ(child.end(), (ExitStatus{.signal = SIGKILL}));
}

TEST(OpenFilesLimit, NumbersHandlesBelowIt) {
  EXPECT_TRUE(holds_in_child([] {
    limit_open_files(40);
    int last = -1;
    for (int handle = 0; handle >= 0; handle = ::open("/dev/null", O_RDONLY)) last = handle;
    return last == 39 && errno == EMFILE;
  }));
}

TEST(OpenFilesLimit, IsRefusedPastWhatTheSystemAllows) {
  EXPECT_TRUE(holds_in_child([] {
    constexpr rlimit kMost{64, 64};
    ::setrlimit(RLIMIT_NOFILE, &kMost);
    become_nobody();
    return is_refused_with(text_of_refusal([] { limit_open_files(65); }), "allows 64 at most");
  }));
}

TEST(Niceness, IsThatOfAllThreadsAndOfThoseToCome) {
  EXPECT_TRUE(holds_in_child([] {
    const auto is_nicest = [](int thread) { return ::getpriority(PRIO_PROCESS, static_cast<id_t>(thread)) == 19; };
    const bool holds = holds_for_two_threads([] { set_niceness(19); }, is_nicest);
    return holds && std::async(std::launch::async, [&] { return is_nicest(::gettid()); }).get();
  }));
}

TEST(Niceness, CannotBeTakenBackWithoutPermission) {
  EXPECT_TRUE(holds_in_child([] {
    set_niceness(19);
    become_nobody();
    return is_refused_with(text_of_refusal([] { set_niceness(18); }), "CAP_SYS_NICE");
  }));
}

using Bits = std::array<std::uint64_t, 16>;

Bits processors_of(int thread) {
  Bits bits{};
  ::sched_getaffinity(thread, sizeof(bits), reinterpret_cast<cpu_set_t*>(bits.data()));
  return bits;
}

// The lowest of those that this process has.
Bits one_processor() {
  Bits own = processors_of(0);
  Bits one{};
  const auto word = std::ranges::find_if(own, [](std::uint64_t bits) { return bits != 0; });
  one.at(static_cast<std::size_t>(word - own.begin())) = *word & (~*word + 1);
  return one;
}

TEST(Processors, AreThoseOfAllThreads) {
  EXPECT_TRUE(holds_in_child([] {
    const Bits one = one_processor();
    return holds_for_two_threads([&] { use_processors(one); }, [&](int thread) { return processors_of(thread) == one; });
  }));
}

TEST(Processors, ThatAreNotThereAreNamed) {
  EXPECT_TRUE(holds_in_child([] {
    Bits bits = one_processor();
    bits.back() |= std::uint64_t{1} << 63;
    return is_refused_with(text_of_refusal([&] { use_processors(bits); }), "there is no processor 1023");
  }));
}

TEST(Processors, MustBeOneAtLeast) {
  EXPECT_TRUE(holds_in_child([] {
    const Bits none{};
    return is_refused_with(text_of_refusal([&] { use_processors(none); }), "none of these processors");
  }));
}

}  // namespace
}  // namespace troupe::platform::testing
