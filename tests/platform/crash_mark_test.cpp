// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <thread>

#include "marked_child.hpp"

namespace troupe::platform::testing {
namespace {

void wait_until_fallen(const FutexWord& word) {
  for (auto value = word.load(); !is_fallen(value); value = word.load()) futex_wait(word, value, FutexScope::shared);
}

void expect_signal(int number, std::optional<std::uint64_t> address, void (*crash)(ControlSocket&)) {
  MarkedChild child(crash);
  EXPECT_FALSE(child.view.has_fallen(child.word));
  child.socket.send(bytes_of(kGo));
  EXPECT_EQ(child.end(), (ExitStatus{.signal = number}));
  EXPECT_TRUE(child.view.has_fallen(child.word));
  EXPECT_EQ(child.view.status().fatal_signal.load(), static_cast<unsigned>(number));
  EXPECT_EQ(child.view.status().has_fault_address.load(), address.has_value() ? 1u : 0u);
  EXPECT_EQ(child.view.status().fault_address.load(), address.value_or(0));
}

TEST(CrashMark, RecordsASegmentationFaultAndItsAddress) {
  expect_signal(SIGSEGV, 0x1230, [](ControlSocket&) { read_from(0x1230); });
}

TEST(CrashMark, RecordsTheAddressOfANullPointer) {
  expect_signal(SIGSEGV, 0, [](ControlSocket&) { read_from(0); });
}

#if defined(__x86_64__)
// The kernel does not tell it.
TEST(CrashMark, RecordsNoAddressOfAPointerThatCannotBeOne) {
  expect_signal(SIGSEGV, std::nullopt, [](ControlSocket&) { read_from(0x8000'0000'0000'0000); });
}
#endif

TEST(CrashMark, RecordsAbort) {
  expect_signal(SIGABRT, std::nullopt, [](ControlSocket&) { std::abort(); });
}

TEST(CrashMark, RecordsATrap) {
  expect_signal(SIGTRAP, std::nullopt, [](ControlSocket&) { ::raise(SIGTRAP); });
}

TEST(CrashMark, DoesNotSwallowASignalSentByAPerson) {
  expect_signal(SIGSEGV, std::nullopt, [](ControlSocket&) { Process::self().signal(SIGSEGV); });
}

TEST(CrashMark, RecordsAStackOverflowOfTheMainThread) {
  MarkedChild child([](ControlSocket&) {
    volatile int depth = 0;
    overflow(&depth);
  });
  child.socket.send(bytes_of(kGo));
  EXPECT_EQ(child.end(), (ExitStatus{.signal = SIGSEGV}));
  EXPECT_EQ(child.view.status().fatal_signal.load(), static_cast<unsigned>(SIGSEGV));
}

TEST(CrashMark, HappensInAnyThread) {
  expect_signal(SIGSEGV, 0x40, [](ControlSocket&) { std::thread([] { read_from(0x40); }).join(); });
}

TEST(CrashMark, ASignalThatIsIgnoredStaysIgnored) {
  ::signal(SIGTRAP, SIG_IGN);
  MarkedChild child([](ControlSocket& socket) {
    ::raise(SIGTRAP);
    socket.send(bytes_of("alive"));
  });
  ::signal(SIGTRAP, SIG_DFL);
  child.socket.send(bytes_of(kGo));
  EXPECT_EQ(receive_text(child.socket), "alive");
}

TEST(CrashMark, WhoAnswersSigxcpuItselfGoesOn) {
  ::signal(SIGXCPU, [](int) {});
  MarkedChild child([](ControlSocket& socket) {
    ::raise(SIGXCPU);
    socket.send(bytes_of("alive"));
    receive_text(socket);
  });
  ::signal(SIGXCPU, SIG_DFL);
  child.socket.send(bytes_of(kGo));
  EXPECT_EQ(receive_text(child.socket), "alive");
  EXPECT_FALSE(child.view.has_fallen(child.word));
}

// Traced, the process stops once before the handler runs and once more when the same fault comes again: there the words
// have fallen, and the process has not ended.
TEST(CrashMark, ComesBeforeTheProcessEnds) {
  MarkedChild child([](ControlSocket&) { read_from(0x8); });
  const int pid = child.process.pid();
  if (::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) != 0) GTEST_SKIP() << "this machine does not let us trace a child";
  child.socket.send(bytes_of(kGo));
  ASSERT_EQ(next_stop(pid), SIGSEGV);
  EXPECT_FALSE(child.view.has_fallen(child.word));
  ::ptrace(PTRACE_CONT, pid, nullptr, SIGSEGV);
  ASSERT_EQ(next_stop(pid), SIGSEGV);
  EXPECT_TRUE(child.view.has_fallen(child.word));
  EXPECT_FALSE(child.process.wait_ended(std::chrono::steady_clock::now()));
  ::ptrace(PTRACE_CONT, pid, nullptr, SIGSEGV);
  EXPECT_EQ(next_stop(pid), std::nullopt);
}

// An exit handler that takes until the test lets go.
ControlSocket* slow_handlers_socket = nullptr;
void run_slowly() { slow_handlers_socket->receive(); }

void expect_fall_before_slow_handler(void (*exit_slowly)(ControlSocket&)) {
  MarkedChild child(exit_slowly);
  child.socket.send(bytes_of(kGo));
  wait_until_fallen(child.view.word(child.word));
  EXPECT_FALSE(child.process.wait_ended(std::chrono::steady_clock::now()));
  child.socket.send(bytes_of(kGo));
  EXPECT_EQ(child.end(), (ExitStatus{.exit_code = 3}));
  EXPECT_EQ(child.view.status().fatal_signal.load(), 0U);
}

TEST(CrashMark, ExitMarksBeforeSlowHandlersOnceItWasRenewed) {
  expect_fall_before_slow_handler([](ControlSocket& socket) {
    slow_handlers_socket = &socket;
    std::atexit(&run_slowly);
    mark_life_page_before_exit_handlers();
    std::exit(3);
  });
}

}  // namespace
}  // namespace troupe::platform::testing
