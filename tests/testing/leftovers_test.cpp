// SPDX-License-Identifier: BSL-1.0
#include <fcntl.h>
#include <gtest/gtest-spi.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <troupe/testing.hpp>

#include <chrono>
#include <csignal>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include "actors.hpp"

namespace troupe::testing::test {
namespace {

constexpr std::chrono::milliseconds kNoPatience(0);

int open_something() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

// A process that does nothing until it is killed.
pid_t start_process() {
  char name[] = "sleep", span[] = "infinity";
  char* const arguments[] = {name, span, nullptr};
  pid_t pid = 0;
  if (::posix_spawnp(&pid, name, nullptr, nullptr, arguments, nullptr) != 0)
    throw std::runtime_error("no process could be started");
  return pid;
}

void* map_shared(int memory, std::size_t bytes) {
  if (::ftruncate(memory, static_cast<off_t>(bytes)) != 0) throw std::runtime_error("the memory cannot be made larger");
  void* mapped = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, memory, 0);
  ::close(memory);
  return mapped;
}

TEST(NothingLeftBehind, IsContentWithWhatEndsInTime) {
  const NothingLeftBehind check;
  Runtime runtime;
  const auto store = runtime.spawn<Store>();
  EXPECT_EQ(store.call<&Store::put>(1).get(), 1);
  EXPECT_ACTOR_DIES(store.call<&Store::segfault>().get(), DiedOf(SIGSEGV));
}

TEST(NothingLeftBehind, ListsAHandleThatIsStillOpen) {
  int left = -1;
  EXPECT_NONFATAL_FAILURE(
      {
        const NothingLeftBehind check;
        left = open_something();
      },
      ": /dev/null");
  ::close(left);
}

TEST(NothingLeftBehind, ListsAHandleThatIsNoLongerOpen) {
  const int closed = open_something();
  EXPECT_NONFATAL_FAILURE(
      {
        const NothingLeftBehind check;
        ::close(closed);
      },
      "no longer open: handle " + std::to_string(closed) + ": /dev/null");
}

TEST(NothingLeftBehind, ListsMemoryThatIsStillMapped) {
  constexpr std::size_t kBytes = 64 * 1024;
  void* left = nullptr;
  EXPECT_NONFATAL_FAILURE(
      {
        const NothingLeftBehind check;
        left = map_shared(::memfd_create("left", MFD_CLOEXEC), kBytes);
      },
      "mapping /memfd:left (deleted), 64 KiB");
  ::munmap(left, kBytes);
}

TEST(NothingLeftBehind, ListsANameOfSharedMemory) {
  const std::string name = "/troupe-test-" + std::to_string(::getpid());
  EXPECT_NONFATAL_FAILURE(
      {
        const NothingLeftBehind check;
        ::close(::shm_open(name.c_str(), O_CREAT | O_RDWR, 0600));
      },
      "shared memory /dev/shm" + name);
  ::shm_unlink(name.c_str());
}

TEST(NothingLeftBehind, ListsAProcessByNumberAndName) {
  pid_t left = 0;
  EXPECT_NONFATAL_FAILURE(
      {
        const NothingLeftBehind check(kNoPatience);
        left = start_process();
      },
      "(sleep");
  ::kill(left, SIGKILL);
  ::waitpid(left, nullptr, 0);
}

TEST(NothingLeftBehind, ListsAThread) {
  std::mutex held;
  std::unique_lock holder(held);
  std::thread left;
  EXPECT_NONFATAL_FAILURE(
      {
        const NothingLeftBehind check(kNoPatience);
        left = std::thread([&] { const std::lock_guard lock(held); });
      },
      "\n  thread ");
  holder.unlock();
  left.join();
}

TEST(NothingLeftBehind, WaitsForAThreadThatIsAboutToEnd) {
  const NothingLeftBehind check;
  std::thread([] {}).detach();
}

TEST(NothingLeftBehind, IsContentWithAProcessThatWasThereBeforeWhateverBecameOfIt) {
  const pid_t before = start_process();
  {
    const NothingLeftBehind check(kNoPatience);
    ::kill(before, SIGKILL);
    siginfo_t ended{};
    ::waitid(P_PID, static_cast<id_t>(before), &ended, WEXITED | WNOWAIT);
  }
  ::waitpid(before, nullptr, 0);
}

TEST(NothingLeftBehind, IsContentWithAThreadThatHasTakenAnotherName) {
  const NothingLeftBehind check(kNoPatience);
  ASSERT_EQ(::pthread_setname_np(::pthread_self(), "another name"), 0);
}

TEST(NothingLeftBehind, ListsARuntimeThatWasForgotten) {
  std::unique_ptr<Runtime> left;
  EXPECT_NONFATAL_FAILURE(
      {
        const NothingLeftBehind check(kNoPatience);
        left = std::make_unique<Runtime>();
      },
      "(troupe-manager)");
}

TEST(Holdings, OfThisProcessAreTheSameTwice) { EXPECT_EQ(Holdings::now(), Holdings::now()); }

TEST(Holdings, OfAnotherProcessAreSeen) {
  Runtime runtime;
  const auto store = runtime.spawn<Store>();
  const Holdings held = Holdings::of(store.call<&Store::pid>().get());
  EXPECT_GE(held.threads.size(), 2u);
  EXPECT_FALSE(held.handles.empty());
  EXPECT_FALSE(held.shared_mappings.empty());
}

// What GoogleTest does with a fixture.
template <class Test>
void run_test() {
  Test test;
  test.run();
}

class Careless : public RuntimeTest {
 public:
  static inline int left_ = -1;
  void run() {
    SetUp();
    TestBody();
    TearDown();
  }

 private:
  void TestBody() override {
    runtime().spawn<Store>();
    left_ = open_something();
  }
};

TEST(RuntimeTest, FailsATestThatLeavesSomethingBehind) {
  EXPECT_NONFATAL_FAILURE(run_test<Careless>(), ": /dev/null");
  ::close(Careless::left_);
}

class Holding : public RuntimeTest {
 public:
  void run() {
    TestBody();
    TearDown();
  }

 private:
  void TestBody() override { store_ = runtime().spawn<Store>(); }

  Proxy<Store> store_;
};

TEST(RuntimeTest, LooksWhenTheFixturesOwnMembersHaveGone) { run_test<Holding>(); }

using WithItsRuntime = RuntimeTest;

TEST_F(WithItsRuntime, IsOneRuntimeInAllThreadsOfTheTest) {
  Runtime* others = nullptr;
  std::thread other([&] { others = &runtime(); });
  Runtime* own = &runtime();
  other.join();
  EXPECT_EQ(own, others);
}

}  // namespace
}  // namespace troupe::testing::test
