// SPDX-License-Identifier: BSL-1.0
// What a crashed process leaves of its stack, and what becomes of it.
#include "platform/crash_trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#undef NDEBUG  // an assertion is to fail
#include <cassert>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "marked_child.hpp"
#include "platform/alternate_stack.hpp"
#include "platform/sanitizer.hpp"
#include "platform/symbols.hpp"

// Where the traces must lead. Outside of any anonymous namespace, so that the names are short.
namespace crashing {

using troupe::platform::testing::read_from;

[[gnu::noinline]] int innermost(std::uintptr_t address) {
  read_from(address);
  return 1;
}
[[gnu::noinline]] int middle(std::uintptr_t address) { return innermost(address) + 1; }
[[gnu::noinline]] int outermost(std::uintptr_t address) { return middle(address) + 1; }

}  // namespace crashing

namespace troupe::platform::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string trace_of(void (*crash)(ControlSocket&)) {
  MarkedChild child(crash);
  child.socket.send(bytes_of("go"));
  child.end();
  return child.view.crash_trace();
}

TEST(CrashTrace, LeadsFromTheFaultToMain) {
  const std::string trace = trace_of([](ControlSocket&) { crashing::outermost(0x1230); });
  EXPECT_THAT(trace, StartsWith("/"));
  const std::string text = with_symbols(trace);
  const auto innermost = text.find("crashing::innermost(unsigned long) at ");
  const auto middle = text.find("crashing::middle(unsigned long) at ");
  const auto outermost = text.find("crashing::outermost(unsigned long) at ");
  EXPECT_TRUE(innermost < middle && middle < outermost && outermost < text.find(" main at ") &&
              text.find(" main at ") < text.size())
      << text;
  EXPECT_THAT(text, StartsWith("#0 "));
  EXPECT_THAT(text, HasSubstr("crash_trace_test.cpp:"));
  EXPECT_THAT(text, Not(HasSubstr("write_crash_trace")));
}

TEST(CrashTrace, OfAbortShowsWhoCalledIt) {
  const std::string text = with_symbols(trace_of([](ControlSocket&) { std::abort(); }));
  EXPECT_THAT(text, HasSubstr("abort"));
  EXPECT_THAT(text, HasSubstr("OfAbortShowsWhoCalledIt"));
}

TEST(CrashTrace, OfAStackOverflowShowsTheRecursion) {
  const std::string text = with_symbols(trace_of([](ControlSocket&) {
    volatile int depth = 0;
    overflow(&depth);
  }));
  EXPECT_THAT(text, ContainsRegex("#0 .*overflow"));
  EXPECT_THAT(text, ContainsRegex("#20 .*overflow"));
}

TEST(CrashTrace, OfACallThroughABadPointerShowsTheCaller) {
  const std::string text = with_symbols(trace_of([](ControlSocket&) {
    void (*volatile nowhere)() = nullptr;
    nowhere();
    std::abort();  // so that it is no tail call
  }));
  EXPECT_THAT(text, StartsWith("#0  0x0\n#1 "));
  EXPECT_THAT(text, HasSubstr("OfACallThroughABadPointerShowsTheCaller"));
}

TEST(CrashTrace, OfACallIntoDataShowsTheCaller) {
  const std::string text = with_symbols(trace_of([](ControlSocket&) {
    static long data[16];
    auto* volatile there = reinterpret_cast<void (*)()>(&data);
    there();
    std::abort();  // so that it is no tail call
  }));
  EXPECT_THAT(text, HasSubstr("OfACallIntoDataShowsTheCaller"));
}

TEST(CrashTrace, OfTheFirstOfManyThreads) {
  const std::string text = with_symbols(trace_of([](ControlSocket&) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) threads.emplace_back([] { crashing::outermost(0x40); });
    for (auto& each : threads) each.join();
  }));
  EXPECT_THAT(text, HasSubstr("crashing::outermost"));
}

TEST(CrashTrace, OfAnyThread) {
  const std::string text = with_symbols(trace_of([](ControlSocket&) { std::thread([] { crashing::outermost(0x40); }).join(); }));
  EXPECT_THAT(text, HasSubstr("crashing::outermost"));
}

[[gnu::noinline, gnu::no_sanitize_address]] void ruin_stack() {
  auto* const frame = static_cast<volatile std::uintptr_t*>(__builtin_frame_address(0));
  for (int i = 0; i < 64; ++i) frame[i] = 0x1111'1111'1111'1111;
  read_from(0x1230);
}

// Where the unwinder meets a fault itself, the process dies of the first one all the same.
TEST(CrashTrace, EndsEarlyOnARuinedStack) {
  MarkedChild child([](ControlSocket&) { ruin_stack(); });
  child.socket.send(bytes_of("go"));
  EXPECT_EQ(child.end(), (ExitStatus{.signal = SIGSEGV}));
  EXPECT_EQ(child.view.status().fault_address.load(), 0x1230u);
  EXPECT_THAT(child.view.crash_trace(), StartsWith("/"));
}

TEST(CrashTrace, OfALiarIsPrintable) {
  MarkedChild child([](ControlSocket&) { ::_exit(0); });
  LifePage page;
  page.crash_trace().text.fill('\x1b');
  page.crash_trace().bytes = UINT32_MAX;
  const LifeView view(SharedMemory::adopt(page.memory().handle().duplicate(), kLifePageBytes));
  EXPECT_EQ(view.crash_trace(), std::string(CrashTrace::kMostBytes, '?'));
}

LifeView left_by(void (*crash)(ControlSocket&)) {
  MarkedChild child(crash);
  child.socket.send(bytes_of("go"));
  EXPECT_EQ(child.end(), (ExitStatus{.signal = SIGABRT}));
  return child.view;
}

[[noreturn]] void find_no_memory() { throw std::bad_array_new_length(); }

// All that there is, and there will be no more.
[[noreturn]] void use_all_memory() {
  constexpr rlimit kNone{1, 1};
  ::setrlimit(RLIMIT_DATA, &kNone);
  void* volatile taken = nullptr;
  for (std::size_t bytes = 1024 * 1024; bytes >= 16; bytes /= 2) {
    do taken = ::operator new(bytes, std::nothrow);
    while (taken != nullptr);
  }
  for (;;) taken = ::operator new(16);
}

// Each takes more of the stack than lies between it and the end.
int overflow_by_large_frames(int depth) {
  volatile char frame[512 * 1024];
  frame[sizeof frame - 1] = static_cast<char>(depth);
  return depth < 0 ? 0 : overflow_by_large_frames(depth + 1) + frame[sizeof frame - 1];
}

// As a loop does that runs off an array.
[[gnu::no_sanitize_address]] void read_past_the_top_of_the_stack() {
  const volatile char* byte = static_cast<const char*>(__builtin_frame_address(0));
  for (;;) (void)*byte++;
}

TEST(LastWords, AreTheAssertionThatFailed) {
  const LifeView left = left_by([](ControlSocket& socket) { assert(!socket.is_open()); });
  EXPECT_THAT(left.last_words(), ContainsRegex("crash_trace_test.cpp:[0-9]+: .*Assertion `!socket.is_open\\(\\)' failed."));
  EXPECT_FALSE(left.lacked_memory());
}

TEST(LastWords, AreTheExceptionThatNobodyCaught) {
  const LifeView left = left_by([](ControlSocket&) { std::thread([] { throw std::out_of_range("far away: ä"); }).join(); });
  EXPECT_EQ(left.last_words(), "nobody caught an exception: std::out_of_range: far away: ä");
}

TEST(LastWords, AreNotThoseOfAForkedChild) {
  const LifeView left = left_by([](ControlSocket&) {
    const auto fail = []() noexcept { find_no_memory(); };
    const int child = ::fork();
    if (child == 0) fail();
    ::waitpid(child, nullptr, 0);
    std::abort();
  });
  EXPECT_EQ(left.last_words(), "");
  EXPECT_FALSE(left.lacked_memory());
}

TEST(LastWords, SayWhenThereIsNoMemory) {
  const LifeView left = left_by([](ControlSocket&) noexcept { find_no_memory(); });
  EXPECT_EQ(left.last_words(), "nobody caught an exception: std::bad_array_new_length");
  EXPECT_TRUE(left.lacked_memory());
}

TEST(LastWords, SayWhenThereIsReallyNoMemory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer does not live on without memory";
#endif
  const LifeView left = left_by([](ControlSocket&) noexcept { use_all_memory(); });
  EXPECT_EQ(left.last_words(), "nobody caught an exception: std::bad_alloc");
  EXPECT_TRUE(left.lacked_memory());
}

TEST(LastWords, TellOfTerminateWithoutAnException) {
  const LifeView left = left_by([](ControlSocket&) { std::terminate(); });
  EXPECT_THAT(left.last_words(), StartsWith("std::terminate was called without an exception"));
}

std::string words_at_fault(void (*crash)(ControlSocket&)) {
  MarkedChild child(crash);
  child.socket.send(bytes_of("go"));
  EXPECT_EQ(child.end(), (ExitStatus{.signal = SIGSEGV}));
  return child.view.last_words();
}

TEST(LastWords, TellAStackOverflowFromOtherFaults) {
  EXPECT_EQ(words_at_fault([](ControlSocket&) {
              volatile int depth = 0;
              overflow(&depth);
            }),
            "its stack has overflowed");
  EXPECT_EQ(words_at_fault([](ControlSocket&) { overflow_by_large_frames(0); }), "its stack has overflowed");
  EXPECT_EQ(words_at_fault([](ControlSocket&) { read_from(0x1230); }), "");
  EXPECT_EQ(words_at_fault([](ControlSocket&) { read_past_the_top_of_the_stack(); }), "");
}

TEST(LastWords, TellAStackOverflowOfAThreadWithAnAlternateStack) {
  EXPECT_EQ(words_at_fault([](ControlSocket&) {
              std::thread([] {
                const AlternateStack for_signals;
                volatile int depth = 0;
                overflow(&depth);
              }).join();
            }),
            "its stack has overflowed");
}

TEST(LastWords, SayWhetherThereWasMemoryLeft) {
  const LifeView poor = left_by([](ControlSocket&) {
    constexpr rlimit kNone{0, 0};
    ::setrlimit(RLIMIT_DATA, &kNone);
    std::abort();
  });
  EXPECT_TRUE(poor.had_no_memory());
  const LifeView rich = left_by([](ControlSocket&) { std::abort(); });
  EXPECT_FALSE(rich.had_no_memory());
}

TEST(LastWords, AreNoneOfOneThatHasNothingToSay) {
  const LifeView left = left_by([](ControlSocket&) { std::abort(); });
  EXPECT_EQ(left.last_words(), "");
}

// One that nobody writes to.
class TemporaryFifo {
 public:
  TemporaryFifo() {
    std::string folder = (std::filesystem::temp_directory_path() / "troupe-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary folder could be made");
    folder_ = folder;
    if (::mkfifo(path().c_str(), 0600) != 0) throw std::runtime_error("no FIFO could be made");
  }
  ~TemporaryFifo() { std::filesystem::remove_all(folder_); }
  TemporaryFifo(const TemporaryFifo&) = delete;
  TemporaryFifo& operator=(const TemporaryFifo&) = delete;

  std::string path() const { return folder_ + "/fifo"; }

 private:
  std::string folder_;
};

TEST(Symbols, LeaveWhatTheyDoNotKnow) {
  EXPECT_EQ(with_symbols(""), "");
  EXPECT_EQ(with_symbols("/no/such/file+0x10\n"), "#0  /no/such/file+0x10");
  EXPECT_EQ(with_symbols("/etc/hostname+0x10\n0x7\n"), "#0  /etc/hostname+0x10\n#1  0x7");
  EXPECT_EQ(with_symbols("words\n+0x\nfile+0xg\n"), "words\n+0x\nfile+0xg");
}

TEST(Symbols, AreLookedForInProgramsOnly) {
  TemporaryFifo fifo;
  EXPECT_EQ(with_symbols(fifo.path() + "+0x10\n"), "#0  " + fifo.path() + "+0x10");
  EXPECT_EQ(with_symbols("relative+0x10\n"), "#0  relative+0x10");
}

TEST(Symbols, AreFoundOnce) {
  const std::string text = with_symbols(trace_of([](ControlSocket&) { crashing::outermost(0x1230); }));
  EXPECT_EQ(with_symbols(text), text);
}

}  // namespace
}  // namespace troupe::platform::testing
