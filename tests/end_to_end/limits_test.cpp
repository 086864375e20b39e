// SPDX-License-Identifier: BSL-1.0
// What bounds an actor's process, and what becomes of one that comes to its bounds.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>
#include <troupe/testing.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "actors.hpp"
#include "gate.hpp"
#include "processes.hpp"
#include "shadow_memory.hpp"

namespace troupe::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ContainsRegex;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::size_t kMebibyte = std::size_t{1} << 20;

// All memory that there is, to the last byte.
class Hoard {
 public:
  // Also what the allocator keeps ready, by size.
  void fill() {
    for (std::size_t bytes = 4096; bytes >= 8; bytes -= 8) {
      while (auto* block = static_cast<Block*>(std::malloc(bytes))) first_ = new (block) Block{first_};
    }
  }
  void give_back() {
    while (first_ != nullptr) std::free(std::exchange(first_, first_->next));
  }

 private:
  struct Block {
    Block* next;
  };
  Block* first_ = nullptr;
};

// Takes what it can get.
class Glutton {
 public:
  int ok() { return 1; }
  std::size_t vector_of(std::size_t bytes) { return std::vector<char>(bytes).size(); }
  std::size_t echo(const std::string& text) { return text.size(); }

  void hoard() {
    hoard_.fill();
    throw std::bad_alloc();
  }
  void give_back() { hoard_.give_back(); }
  void hoard_for_ever() noexcept { hoard(); }
  void hoard_in_a_thread() {
    std::thread([this] { hoard(); }).join();
  }
  // As C code does that does not look.
  void fill_what_it_gets() {
    for (;;) std::memset(std::malloc(kMebibyte), 1, kMebibyte);
  }

 private:
  Hoard hoard_;
};

// Leaves nothing to say that it is there.
class Miser {
 public:
  Miser() { hoard_.fill(); }

 private:
  Hoard hoard_;
};

template <class Actor>
std::string start_error(Runtime& runtime, const SpawnOptions& options) {
  try {
    runtime.spawn<Actor>(options);
    return "(it started)";
  } catch (const StartError& error) {
    EXPECT_EQ(error.cause().kind, DeathKind::start_failure);
    EXPECT_THAT(error.cause().text(), Not(HasSubstr("has not been reported yet")));
    return error.what();
  }
}

class MemoryLimit : public testing::RuntimeTest, public ::testing::WithParamInterface<StartMethod> {
 protected:
  void SetUp() override {
    if (has_shadow_memory()) GTEST_SKIP() << "a sanitizer takes more memory than anybody could allow";
    testing::RuntimeTest::SetUp();
  }
  void TearDown() override {
    if (!IsSkipped()) testing::RuntimeTest::TearDown();
  }
  Proxy<Glutton> glutton() { return runtime().spawn<Glutton>({.limits = {.memory = 32 * kMebibyte}, .start = GetParam()}); }
};

INSTANTIATE_TEST_SUITE_P(BothMethods, MemoryLimit, ::testing::Values(StartMethod::forkserver, StartMethod::spawn),
                         [](const auto& method) { return method.param == StartMethod::spawn ? "Spawn" : "Forkserver"; });

TEST_P(MemoryLimit, IsMetByAnExceptionThatArrives) {
  auto actor = glutton();
  EXPECT_EQ(actor.call<&Glutton::vector_of>(8 * kMebibyte).get(), 8 * kMebibyte);
  EXPECT_THROW(actor.call<&Glutton::vector_of>(64 * kMebibyte).get(), std::bad_alloc);
  EXPECT_EQ(actor.call<&Glutton::ok>().get(), 1);
}

TEST_P(MemoryLimit, LeavesRoomToSayThatThereIsNone) {
  auto actor = glutton();
  EXPECT_THROW(actor.call<&Glutton::hoard>().get(), std::bad_alloc);
  EXPECT_THROW(actor.call<&Glutton::hoard>().get(), RemoteError);
  EXPECT_THROW(actor.call<&Glutton::echo>(std::string(1000, 'x')).get(), SerializationError);
  actor.tell<&Glutton::echo>(std::string(1000, 'x'));
  EXPECT_EQ(actor.call<&Glutton::ok>().get(), 1);
  actor.call<&Glutton::give_back>().get();
  EXPECT_EQ(actor.call<&Glutton::echo>(std::string(kMebibyte, 'x')).get(), kMebibyte);
}

TEST_P(MemoryLimit, IsNamedByADeathForWantOfMemory) {
  const DeathCause uncaught = cause_of(glutton().call<&Glutton::hoard_for_ever>());
  EXPECT_EQ(uncaught.kind, DeathKind::out_of_memory);
  EXPECT_EQ(uncaught.detail, "nobody caught an exception: std::bad_alloc; its limit (SpawnOptions::limits.memory) was 32 MiB");
  const DeathCause in_a_thread = cause_of(glutton().call<&Glutton::hoard_in_a_thread>());
  EXPECT_EQ(in_a_thread.kind, DeathKind::out_of_memory);
  EXPECT_EQ(in_a_thread.detail, uncaught.detail);
}

TEST_P(MemoryLimit, LeavesACrashOfCodeThatDoesNotLookACrash) {
  const DeathCause cause = cause_of(glutton().call<&Glutton::fill_what_it_gets>());
  EXPECT_EQ(cause.kind, DeathKind::signal);
  EXPECT_EQ(cause.signal, SIGSEGV);
  EXPECT_EQ(cause.detail, "it could get no more memory; its limit (SpawnOptions::limits.memory) was 32 MiB");
}

TEST_P(MemoryLimit, IsNamedByAProcessThatCannotGoOn) {
  try {
    runtime().spawn<Miser>({.limits = {.memory = 32 * kMebibyte}, .start = GetParam()});
    FAIL();
  } catch (const StartError& error) {
    EXPECT_EQ(error.cause().kind, DeathKind::out_of_memory);
    EXPECT_EQ(error.cause().detail, "it could get no more memory; its limit (SpawnOptions::limits.memory) was 32 MiB");
  }
}

TEST_P(MemoryLimit, HarmsNobodyElse) {
  auto other = runtime().spawn<Glutton>();
  auto limited = runtime().spawn<Glutton>({.limits = {.memory = 64 * kMebibyte}});
  EXPECT_EQ(cause_of(glutton().call<&Glutton::hoard_for_ever>()).kind, DeathKind::out_of_memory);
  EXPECT_EQ(other.call<&Glutton::vector_of>(256 * kMebibyte).get(), 256 * kMebibyte);
  EXPECT_EQ(limited.call<&Glutton::vector_of>(32 * kMebibyte).get(), 32 * kMebibyte);
}

TEST_P(MemoryLimit, BelowWhatTheProcessNeedsIsAStartErrorThatSaysHowMuch) {
  EXPECT_THAT(start_error<Glutton>(runtime(), {.limits = {.memory = kMebibyte}, .start = GetParam()}),
              HasSubstr("SpawnOptions::limits.memory: 1 MiB are less than the "));
}

// Uses up its time.
class Burner {
 public:
  void burn() {
    for (volatile unsigned i = 0;;) i = i + 1;
  }
  void burn_on() {
    ::signal(SIGXCPU, SIG_IGN);
    burn();
  }
};

class Limits : public testing::RuntimeTest {};

TEST_F(Limits, OfProcessorTimeEndWhoHasUsedItUp) {
  auto burner = runtime().spawn<Burner>({.limits = {.cpu_time = 10ms}});
  const DeathCause cause = cause_of(burner.call<&Burner::burn>());
  EXPECT_EQ(cause.kind, DeathKind::out_of_cpu_time);
  EXPECT_EQ(cause.signal, SIGXCPU);
  EXPECT_THAT(cause.backtrace, ContainsRegex("burn(\\(.*\\))? at "));
  EXPECT_THAT(cause.text(), StartsWith("out of processor time while "));
  EXPECT_THAT(cause.text(), HasSubstr("its limit (SpawnOptions::limits.cpu_time) was 1 s"));
}

TEST_F(Limits, OfProcessorTimeEndWhoDoesNotListen) {
  auto burner = runtime().spawn<Burner>({.limits = {.cpu_time = 1s}});
  const DeathCause cause = cause_of(burner.call<&Burner::burn_on>());
  EXPECT_EQ(cause.kind, DeathKind::out_of_cpu_time);
  EXPECT_EQ(cause.signal, SIGKILL);
}

// Looks at its own process.
class Inmate {
 public:
  int highest_handle() const {
    int last = -1;
    std::vector<int> handles;
    for (int handle = 0; handle >= 0; handle = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) handles.push_back(last = handle);
    for (const int handle : handles) {
      if (handle != 0) ::close(handle);
    }
    return last;
  }
  std::vector<int> nicenesses() const {
    return of_threads([](int thread) { return ::getpriority(PRIO_PROCESS, static_cast<id_t>(thread)); });
  }
  // Of each thread the only one; -1: it has others.
  std::vector<int> processors() const {
    return of_threads([](int thread) {
      cpu_set_t set;
      ::sched_getaffinity(thread, sizeof(set), &set);
      int first = 0;
      while (!CPU_ISSET(first, &set)) ++first;
      return CPU_COUNT(&set) == 1 ? first : -1;
    });
  }

 private:
  template <class Look>
  static std::vector<int> of_threads(const Look& look) {
    std::vector<int> found;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task"))
      found.push_back(look(std::stoi(task.path().filename())));
    return found;
  }
};

class Friend {
 public:
  int look(const Proxy<Inmate>& inmate) { return inmate.call<&Inmate::highest_handle>().get(); }
};

TEST_F(Limits, OfOpenFilesHold) {
  auto inmate = runtime().spawn<Inmate>({.limits = {.open_files = 40}});
  EXPECT_EQ(inmate.call<&Inmate::highest_handle>().get(), 39);
}

TEST_F(Limits, HoldInEachLife) {
  auto inmate = runtime().spawn<Inmate>({.restart = {.max = 1}, .limits = {.open_files = 40, .nice = 19}});
  EXPECT_EQ(inmate.call<&Inmate::highest_handle>().get(), 39);
  OtherProcess(inmate.pid()).kill();
  EXPECT_EQ(inmate.with({.idempotent = true}).call<&Inmate::highest_handle>().get(), 39);
  EXPECT_THAT(inmate.call<&Inmate::nicenesses>().get(), Each(19));
  EXPECT_EQ(inmate.incarnation(), 2u);
}

TEST_F(Limits, OfOpenFilesLeaveTheLeastOneCaller) {
  auto inmate = runtime().spawn<Inmate>({.limits = {.open_files = 16}});
  auto stranger = runtime().spawn<Friend>();
  EXPECT_LT(inmate.call<&Inmate::highest_handle>().get(), 16);
  EXPECT_THROW(stranger.call<&Friend::look>(inmate).get(), RemoteException);
  EXPECT_LT(inmate.call<&Inmate::highest_handle>().get(), 16);
}

TEST_F(Limits, OfOpenFilesPastTheSystemsAreAStartErrorThatNamesThem) {
  EXPECT_THAT(start_error<Inmate>(runtime(), {.limits = {.open_files = 4'000'000'000}}),
              HasSubstr("SpawnOptions::limits.open_files: the system allows "));
}

TEST_F(Limits, OfNicenessHoldForAllThreads) {
  auto inmate = runtime().spawn<Inmate>({.limits = {.nice = 19}});
  const auto all = inmate.call<&Inmate::nicenesses>().get();
  EXPECT_GE(all.size(), 2u);
  EXPECT_THAT(all, Each(19));
}

TEST_F(Limits, OfProcessorsHoldForAllThreads) {
  const int own = ::sched_getcpu();
  auto inmate = runtime().spawn<Inmate>({.limits = {.cpus = {own}}});
  const auto all = inmate.call<&Inmate::processors>().get();
  EXPECT_GE(all.size(), 2u);
  EXPECT_THAT(all, Each(own));
}

TEST_F(Limits, OfProcessorsThatAreNotThereAreAStartErrorThatNamesThem) {
  const int own = ::sched_getcpu();
  EXPECT_THAT(start_error<Inmate>(runtime(), {.limits = {.cpus = {own, 1023}}}),
              HasSubstr("SpawnOptions::limits.cpus: there is no processor 1023"));
}

TEST_F(Limits, ThatNoProcessCouldHaveAreInvalidArguments) {
  EXPECT_THROW(runtime().spawn<Inmate>({.limits = {.nice = 20}}), std::invalid_argument);
  EXPECT_THROW(runtime().spawn<Inmate>({.limits = {.cpu_time = 0s}}), std::invalid_argument);
}

}  // namespace
}  // namespace troupe::test
