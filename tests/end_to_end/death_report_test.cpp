// SPDX-License-Identifier: BSL-1.0
// What a report says beyond signal, method and stack: for how long, where the core is, and who sent the SIGKILL.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>
#include <troupe/testing.hpp>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "actors.hpp"
#include "gate.hpp"
#include "shadow_memory.hpp"

namespace troupe::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class Patient {
 public:
  int ok() { return 1; }
  void work_and_crash() {
    std::this_thread::sleep_for(50ms);
    Victim().segfault();
  }
  void work_and_kill() {
    std::this_thread::sleep_for(50ms);
    kill();
  }
  void kill() { std::raise(SIGKILL); }
  [[gnu::noinline]] __attribute__((no_sanitize("undefined"))) void write_to_null() {
    static int* volatile nowhere = nullptr;
    *nowhere = 1;
  }
  void raise_fault() { std::raise(SIGSEGV); }
  void crash_with_core() {
    rlimit limit{};
    ::getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_CORE, &limit);
    Victim().segfault();
  }
  void enter(const std::string& directory) { fs::current_path(directory); }
  bool join(const std::string& group) {
    std::ofstream procs(group + "/cgroup.procs");
    procs << ::getpid() << std::flush;
    return procs.good();
  }
  // It is to be killed on the way; it must not harm the machine where it is not.
  void take(std::size_t bytes, int times) {
    for (int i = 0; i < times; ++i) {
      auto* memory = static_cast<char*>(std::malloc(bytes));
      if (memory == nullptr) return;
      std::memset(memory, 1, bytes);
    }
  }
};

struct Endless {
  Endless() {
    for (;;) ::pause();
  }
};

class DeathReport : public testing::RuntimeTest {};
class StartFailure : public testing::RuntimeTest {};

// Less than what it slept by one tick of the kernel at the most.
TEST_F(DeathReport, SaysForHowLongTheMethodHadRun) {
  const DeathCause crash = cause_of(runtime().spawn<Patient>().call<&Patient::work_and_crash>());
  EXPECT_GE(crash.method_time, 40ms);
  EXPECT_THAT(crash.text(), HasSubstr("Patient::work_and_crash ran, for "));
  EXPECT_GE(cause_of(runtime().spawn<Patient>().call<&Patient::work_and_kill>()).method_time, 40ms);
}

TEST_F(DeathReport, SaysNoTimeWhereNothingRan) {
  auto actor = runtime().spawn<Patient>();
  actor.call<&Patient::ok>().get();
  std::promise<Down> down;
  actor.on_down([&](const Down& event) { down.set_value(event); });
  actor.kill();
  EXPECT_EQ(down.get_future().get().cause.method_time, 0ns);
}

TEST_F(DeathReport, IsAsGoodInAListOfActors) {
  auto actor = runtime().spawn<Patient>({.restart = {.max = 1, .backoff = {.first = 0ms}}});
  const DeathCause told = cause_of(actor.call<&Patient::work_and_crash>());
  actor.call<&Patient::ok>().get();

  const auto actors = runtime().actors();

  ASSERT_EQ(actors.size(), 1u);
  ASSERT_TRUE(actors[0].last_death.has_value());
  EXPECT_THAT(actors[0].last_death->backtrace, ContainsRegex("work_and_crash(\\(.*\\))? at "));
  EXPECT_THAT(actors[0].last_death->backtrace, Not(HasSubstr("detail/method.hpp")));
  EXPECT_EQ(actors[0].last_death->backtrace, told.backtrace);
  EXPECT_EQ(actors[0].last_death->text(), told.text());
}

TEST_F(DeathReport, TellsANullPointerFromASignalThatWasSent) {
  const DeathCause fault = cause_of(runtime().spawn<Patient>().call<&Patient::write_to_null>());
  EXPECT_EQ(fault.signal, SIGSEGV);
  EXPECT_THAT(fault.text(), HasSubstr("(SIGSEGV) at address 0 (a null pointer) while "));
  const DeathCause sent = cause_of(runtime().spawn<Patient>().call<&Patient::raise_fault>());
  EXPECT_EQ(sent.signal, SIGSEGV);
  EXPECT_FALSE(sent.has_fault_address);
  EXPECT_THAT(sent.text(), Not(HasSubstr("at address")));
}

// As the report on a later life has it.
TEST_F(StartFailure, OfAConstructorThatTookTooLongSaysWhatRanAndForHowLong) {
  Runtime hurried(RuntimeOptions{.start_timeout = 2s});
  try {
    hurried.spawn<Endless>();
    FAIL() << "it was constructed";
  } catch (const StartError& error) {
    EXPECT_THAT(error.what(), HasSubstr("RuntimeOptions::start_timeout"));
    const DeathCause cause = error.cause();
    EXPECT_EQ(cause.kind, DeathKind::start_failure);
    EXPECT_THAT(cause.text(), HasSubstr("it never came up while the constructor of "));
    EXPECT_THAT(cause.text(), HasSubstr("Endless ran, for "));
  }
}

TEST_F(StartFailure, WhereNothingDiedSaysWhatIsKnown) {
  auto over = runtime().supervise();
  over.stop();
  try {
    over.spawn<Patient>();
    FAIL() << "it was constructed";
  } catch (const StartError& error) {
    EXPECT_EQ(error.cause().kind, DeathKind::start_failure);
    EXPECT_EQ(error.cause().text(), std::string("it never came up; ") + error.what());
  }
}

TEST_F(DeathReport, OfASigkillFromOutsideSaysSo) {
  const DeathCause cause = cause_of(runtime().spawn<Patient>().call<&Patient::kill>());
  EXPECT_EQ(cause.kind, DeathKind::signal);
  EXPECT_THAT(cause.detail, HasSubstr("the SIGKILL came from "));
}

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (fs::temp_directory_path() / "troupe-core-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryDirectory() { fs::remove_all(path_); }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string why_no_core_is_written() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return "a sanitizer's memory is too large for a core";
#endif
  std::string pattern;
  std::getline(std::ifstream("/proc/sys/kernel/core_pattern"), pattern);
  if (pattern.find_first_of("|/@") == 0 || pattern.empty()) return "cores go elsewhere on this machine: " + pattern;
  rlimit limit{};
  ::getrlimit(RLIMIT_CORE, &limit);
  return limit.rlim_max == RLIM_INFINITY ? "" : "the hard limit allows no core";
}

TEST_F(DeathReport, NamesTheCoreFile) {
  if (const std::string reason = why_no_core_is_written(); !reason.empty()) GTEST_SKIP() << reason;
  const TemporaryDirectory directory;
  const DeathCause cause =
      cause_of(runtime().spawn<Patient>({.working_directory = directory.path().string()}).call<&Patient::crash_with_core>());
  EXPECT_EQ(fs::path(cause.core_path).parent_path(), directory.path()) << cause.text();
  EXPECT_TRUE(fs::exists(cause.core_path));
  EXPECT_THAT(cause.text(), HasSubstr("its core file is " + cause.core_path));
}

TEST_F(DeathReport, NamesTheCoreFileOfAnActorThatHasGoneElsewhere) {
  if (const std::string reason = why_no_core_is_written(); !reason.empty()) GTEST_SKIP() << reason;
  const TemporaryDirectory directory;
  auto actor = runtime().spawn<Patient>();
  actor.call<&Patient::enter>(directory.path().string()).get();
  EXPECT_EQ(fs::path(cause_of(actor.call<&Patient::crash_with_core>()).core_path).parent_path(), directory.path());
}

TEST_F(DeathReport, NamesNoCoreFileWithoutOne) {
  EXPECT_EQ(cause_of(runtime().spawn<Patient>().call<&Patient::work_and_crash>()).core_path, "");
}

// A group of control groups' memory controller, with a limit. Empty: there can be none.
class SmallMemory {
 public:
  explicit SmallMemory(std::size_t bytes) {
    const auto make = [&](const fs::path& parent, const char* limit) {
      std::error_code error;
      const fs::path group = parent / fmt::format("troupe-test-{}", ::getpid());
      if (!path_.empty() || !fs::create_directory(group, error)) return;
      if (fs::exists(group / limit, error) && std::ofstream(group / limit) << bytes << std::flush) {
        path_ = group;
      } else {
        fs::remove(group, error);
      }
    };
    make("/sys/fs/cgroup", "memory.max");
    make("/sys/fs/cgroup/memory", "memory.limit_in_bytes");
  }
  // When who was in it has been reaped.
  ~SmallMemory() {
    std::error_code error;
    if (path_.empty()) return;
    EXPECT_TRUE(fs::remove(path_, error)) << error.message();
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

TEST_F(DeathReport, OfOneThatTheKernelKilledForMemorySaysSo) {
  if (has_shadow_memory()) GTEST_SKIP() << "a sanitizer takes more memory than anybody could allow";
  const SmallMemory group(std::size_t{64} << 20);
  auto actor = runtime().spawn<Patient>({.limits = {.memory = std::size_t{256} << 20}});  // the machine's memory is others', too
  if (group.path().empty() || !actor.call<&Patient::join>(group.path().string()).get())
    GTEST_SKIP() << "no control group for memory can be made here";
  const DeathCause cause = cause_of(actor.call<&Patient::take>(std::size_t{8} << 20, 16));
  EXPECT_EQ(cause.signal, SIGKILL);
  if (cause.kind == DeathKind::out_of_memory) {
    EXPECT_THAT(cause.detail, HasSubstr("the kernel killed it"));
  } else {  // nobody may read the kernel's log here
    EXPECT_THAT(cause.detail, HasSubstr("perhaps from the kernel"));
  }
}

}  // namespace
}  // namespace troupe::test
