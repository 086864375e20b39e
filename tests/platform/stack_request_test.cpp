// SPDX-License-Identifier: BSL-1.0
// Who asks a running process for its stack gets it, and the process goes on as if nothing had been.
#include "platform/stack_request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <mutex>
#include <string>
#include <thread>

#include "marked_child.hpp"
#include "platform/process_state.hpp"
#include "platform/sanitizer.hpp"
#include "platform/symbols.hpp"

// Where the stacks must lead. Outside of any anonymous namespace, so that the names are short.
namespace hanging {

volatile int turns = 0;
[[gnu::noinline]] void loop_for_ever() {
  for (;;) turns = 1;
}
[[gnu::noinline]] int sleep_for_ever() {
  for (;;) ::pause();
  return 1;
}
[[gnu::noinline]] void lock_twice(std::mutex& mutex) {
  mutex.lock();
  mutex.lock();
}

}  // namespace hanging

namespace troupe::platform::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// ThreadSanitizer hands a signal over when the thread next calls the system; in a loop that is never.
class StackRequest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (kUnderThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer keeps signals back";
  }
};

template <class Hang>
auto child_that_hangs(Hang hang) {
  return [hang](ControlSocket& socket) {
    auto& page = *new LifePage;
    mark_life_page_on_crash(page);
    answer_stack_requests(page);
    send_page(socket, page, 0);
    hang(socket);
    return 0;
  };
}

struct HangingChild : ForkedChild {
  template <class Hang>
  explicit HangingChild(Hang hang) : ForkedChild(child_that_hangs(hang)) {
    auto packet = socket.receive().value();
    view = LifeView(SharedMemory::adopt(std::move(packet.handles.at(0)), kLifePageBytes));
  }

  std::uint32_t count() const { return view.status().stack_count.load(); }
  std::string stack() const {
    const std::uint32_t before = count();
    ask_for_stack(process);
    for (;;) {
      if (const auto stack = view.stack_after(before)) return with_symbols(*stack);
      std::this_thread::yield();
    }
  }
  // It may not have come as far the first time.
  std::string stack_with(const std::string& text) const {
    std::string found;
    while (found.find(text) == std::string::npos) found = stack();
    return found;
  }

  LifeView view;
};

void say_that_it_hangs(ControlSocket& socket) { socket.send(bytes_of("hangs")); }
void wait_until_it_hangs(ControlSocket& socket) { EXPECT_EQ(receive_text(socket), "hangs"); }

TEST_F(StackRequest, ShowsALoop) {
  HangingChild child([](ControlSocket& socket) {
    say_that_it_hangs(socket);
    hanging::loop_for_ever();
  });
  wait_until_it_hangs(child.socket);
  const std::string stack = child.stack_with("#0  hanging::loop_for_ever() at ");
  EXPECT_THAT(stack, HasSubstr("stack_request_test.cpp:"));
  EXPECT_THAT(stack, HasSubstr(" main at "));
  EXPECT_THAT(stack, Not(HasSubstr("write_stack_trace")));
}

TEST_F(StackRequest, ShowsASystemCallAndWhoMadeIt) {
  HangingChild child([](ControlSocket& socket) {
    say_that_it_hangs(socket);
    hanging::sleep_for_ever();
  });
  wait_until_it_hangs(child.socket);
  const std::string stack = child.stack_with("pause");
  EXPECT_THAT(stack, HasSubstr("hanging::sleep_for_ever()"));
}

TEST_F(StackRequest, ShowsADeadlock) {
  HangingChild child([](ControlSocket& socket) {
    static std::mutex mutex;
    say_that_it_hangs(socket);
    hanging::lock_twice(mutex);
  });
  wait_until_it_hangs(child.socket);
  const std::string stack = child.stack_with("hanging::lock_twice");
  EXPECT_THAT(stack, HasSubstr("lock"));
}

// A thread that may take the signal hands it on.
TEST_F(StackRequest, ShowsTheMainThreadWhicheverTakesTheSignal) {
  HangingChild child([](ControlSocket& socket) {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    std::thread([&socket] {
      sigset_t none;
      ::sigemptyset(&none);
      ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
      say_that_it_hangs(socket);
      for (;;) ::pause();
    }).detach();
    socket.receive();
    ::pthread_sigmask(SIG_UNBLOCK, &all, nullptr);
    hanging::sleep_for_ever();
  });
  wait_until_it_hangs(child.socket);
  ask_for_stack(child.process);
  EXPECT_EQ(child.view.stack_after(0), std::nullopt);  // the main thread blocks it
  child.socket.send(bytes_of(kGo));
  const std::string stack = child.stack_with("hanging::sleep_for_ever");
  EXPECT_THAT(stack, HasSubstr(" main at "));
}

// A read that waits does not hear of it, and errno stays.
TEST_F(StackRequest, DoesNotDisturb) {
  HangingChild child([](ControlSocket& socket) {
    say_that_it_hangs(socket);
    std::byte byte{};
    errno = ENOTTY;
    const auto count = ::recv(socket.handle().get(), &byte, 1, 0);
    socket.send(bytes_of(count == 1 && errno == ENOTTY ? "undisturbed" : "disturbed"));
    hanging::sleep_for_ever();
  });
  wait_until_it_hangs(child.socket);
  for (int i = 0; i < 20; ++i) EXPECT_THAT(child.stack(), HasSubstr(" main at "));
  child.socket.send(bytes_of("x"));
  EXPECT_EQ(receive_text(child.socket), "undisturbed");
}

// Forty stacks while another thread meets faults that its own handler knows how to deal with.
TEST_F(StackRequest, LeavesOtherThreadsFaultsToTheirHandler) {
  HangingChild child([](ControlSocket& socket) {
    static std::atomic<int> count{0};
    struct sigaction mending {};
    mending.sa_sigaction = [](int, siginfo_t* cause, void*) {
      count.fetch_add(1);
      ::mprotect(reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(cause->si_addr) & ~std::uintptr_t{4095}), 4096,
                 PROT_READ);
    };
    mending.sa_flags = SA_SIGINFO;
    ::sigaction(SIGSEGV, &mending, nullptr);
    std::thread([] {
      void* const page = ::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      for (;; ::mprotect(page, 4096, PROT_NONE)) read_from(reinterpret_cast<std::uintptr_t>(page));
    }).detach();
    say_that_it_hangs(socket);
    hanging::sleep_for_ever();
  });
  wait_until_it_hangs(child.socket);
  for (int i = 0; i < 40; ++i) EXPECT_THAT(child.stack(), HasSubstr(" main at "));
  EXPECT_FALSE(child.process.wait_ended(std::chrono::steady_clock::now()));
}

// What crashes afterwards tells of its crash alone.
TEST_F(StackRequest, IsForgottenWhenTheProcessCrashes) {
  HangingChild child([](ControlSocket& socket) {
    without_core();
    say_that_it_hangs(socket);
    socket.receive();
    read_from(0x1230);
  });
  wait_until_it_hangs(child.socket);
  EXPECT_THAT(child.stack(), Not(HasSubstr("read_from")));
  child.socket.send(bytes_of(kGo));
  EXPECT_EQ(child.end(), (ExitStatus{.signal = SIGSEGV}));
  EXPECT_THAT(with_symbols(child.view.crash_trace()), HasSubstr("read_from"));
}

// The request waits in the child until sigsuspend() lets it in, which returns when it has been dealt with.
TEST_F(StackRequest, IsNotAnsweredByAForkedChild) {
  HangingChild child([](ControlSocket& socket) {
    sigset_t urgent;
    ::sigemptyset(&urgent);
    ::sigaddset(&urgent, SIGURG);
    ::pthread_sigmask(SIG_BLOCK, &urgent, nullptr);
    const int forked = ::fork();
    if (forked == 0) {
      sigset_t none;
      ::sigemptyset(&none);
      ::sigsuspend(&none);
      ::_exit(0);
    }
    ask_for_stack(Process::open(forked));
    ::waitpid(forked, nullptr, 0);
    ::pthread_sigmask(SIG_UNBLOCK, &urgent, nullptr);
    say_that_it_hangs(socket);
    hanging::sleep_for_ever();
  });
  wait_until_it_hangs(child.socket);
  EXPECT_EQ(child.count(), 0u);
  EXPECT_THAT(child.stack_with("hanging::sleep_for_ever"), HasSubstr(" main at "));
}

// Somebody's out-of-band data, say.
TEST_F(StackRequest, LeavesOtherSignalsToTheHandlerThatWasThere) {
  static ControlSocket* theirs = nullptr;
  ForkedChild child([](ControlSocket& socket) {
    theirs = &socket;
    std::signal(SIGURG, [](int) { theirs->send(bytes_of("urgent")); });
    auto& page = *new LifePage;
    answer_stack_requests(page);
    say_that_it_hangs(socket);
    for (;;) ::pause();
    return 0;
  });
  wait_until_it_hangs(child.socket);
  child.process.signal(SIGURG);
  EXPECT_EQ(receive_text(child.socket), "urgent");
}

TEST(StackRequestOfAStranger, IsIgnoredWhereNobodyAnswers) {
  ForkedChild child([](ControlSocket& socket) {
    say_that_it_hangs(socket);
    return receive_text(socket) == kGo ? 5 : 6;
  });
  wait_until_it_hangs(child.socket);
  ask_for_stack(child.process);
  child.socket.send(bytes_of(kGo));
  EXPECT_EQ(child.end(), (ExitStatus{.exit_code = 5}));
}

TEST(ProcessState, KnowsWhatIsStoppedAndWhatIsTraced) {
  ForkedChild child([](ControlSocket& socket) {
    receive_text(socket);
    return 0;
  });
  EXPECT_FALSE(state_of(child.process).is_stopped);
  EXPECT_FALSE(state_of(child.process).is_traced);

  child.process.signal(SIGSTOP);
  siginfo_t report{};
  ASSERT_EQ(::waitid(P_PIDFD, static_cast<id_t>(child.process.handle().get()), &report, WSTOPPED), 0);
  EXPECT_TRUE(state_of(child.process).is_stopped);
  EXPECT_FALSE(state_of(child.process).is_traced);
  child.process.signal(SIGCONT);

  ASSERT_EQ(::ptrace(PTRACE_SEIZE, child.process.pid(), nullptr, nullptr), 0);
  EXPECT_TRUE(state_of(child.process).is_traced);
}

}  // namespace
}  // namespace troupe::platform::testing
