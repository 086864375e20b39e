// SPDX-License-Identifier: BSL-1.0
// A program that does to itself what a test names, and then uses troupe as programs do: actors by both start methods, calls,
// a crash and its cause, another actor after it, the end, and nothing left. Its exit code says whether all of it worked,
// and the report what did not.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <troupe/troupe.hpp>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <locale>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

struct Greeter {
  int answer() { return 42; }
  // Really: the signal that the kernel sends for it cannot be ignored.
  void crash() { *reinterpret_cast<volatile int*>(address_) = 1; }

 private:
  volatile std::uintptr_t address_ = 8;
};

void expect(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

// ---- what the program does to itself

void handle_child_signal(void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  ::sigaction(SIGCHLD, &action, nullptr);
}

void close_standard_handles() {
  for (int handle = 0; handle <= 2; ++handle) ::close(handle);
}

// A folder that is no more.
void go_nowhere() {
  char name[] = "/tmp/troupe-nowhere-XXXXXX";
  expect(::mkdtemp(name) != nullptr && ::chdir(name) == 0 && ::rmdir(name) == 0, "the folder is gone");
}

void block_all_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
}

// Numbers as no program writes them.
struct OddNumbers : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\1"; }
};

void lose_output() {
  std::array<int, 2> ends{};
  expect(::pipe(ends.data()) == 0, "there is a pipe");
  ::dup2(ends[1], 1);
  ::dup2(ends[1], 2);
  for (const int end : ends) ::close(end);
}

void leave_environment() {
  for (const char* name : {"HOME", "TMPDIR", "PATH", "USER", "SHELL"}) ::unsetenv(name);
}

// But for what a sanitizer goes by.
void empty_environment() {
  const char* kept = std::getenv("ASAN_OPTIONS");
  const std::string options = kept != nullptr ? kept : "";
  ::clearenv();
  if (!options.empty()) ::setenv("ASAN_OPTIONS", options.c_str(), 1);
}

struct Deed {
  std::string_view name;
  void (*act)();
};

constexpr Deed kDeeds[] = {
    {"Nothing", [] {}},
    {"IgnoresChildren", [] { handle_child_signal(SIG_IGN, 0); }},
    {"WantsNoZombies", [] { handle_child_signal(SIG_DFL, SA_NOCLDWAIT); }},
    {"HandlesChildren", [] { handle_child_signal([](int) {}, SA_RESTART); }},
    {"ClosesStandardHandles", close_standard_handles},
    {"IsNowhere", go_nowhere},
    {"BlocksAllSignals", block_all_signals},
    {"MakesPrivateFiles", [] { ::umask(0777); }},
    {"CountsOddly", [] { std::locale::global(std::locale(std::locale::classic(), new OddNumbers)); }},
    {"LosesItsOutput", lose_output},
    {"LeavesItsTerminal", [] { (void)::setsid(); }},
    {"HasNoEnvironment", leave_environment},
    {"EmptiesItsEnvironment", empty_environment},
    {"IgnoresBrokenPipes", [] { ::signal(SIGPIPE, SIG_IGN); }},
};

// Plain forks beside the runtime, whose children end at once, or later, by themselves.
int fork_a_child(void (*act)()) {
  const int pid = ::fork();
  if (pid == 0) {
    act();
    ::_exit(0);
  }
  return pid;
}

// ---- what it does with troupe

void greet(troupe::Runtime& runtime, troupe::StartMethod start) {
  auto greeter = runtime.spawn<Greeter>({.start = start});
  expect(greeter.call<&Greeter::answer>().get() == 42, "an actor answers");
  try {
    greeter.call<&Greeter::crash>().get();
    throw std::runtime_error("a crash is no result");
  } catch (const troupe::ActorDied& died) {
    expect(died.cause().kind == troupe::DeathKind::signal && died.cause().signal == SIGSEGV, "the cause of death is known");
  }
  auto next = runtime.spawn<Greeter>({.start = start});
  expect(next.call<&Greeter::answer>().get() == 42, "another actor answers");
}

// But the standard ones: those that are closed, the runtime opens for good.
std::size_t count_handles() {
  constexpr int kMost = 4096;
  std::size_t count = 0;
  for (int number = STDERR_FILENO + 1; number < kMost; ++number) {
    if (::fcntl(number, F_GETFD) != -1) ++count;
  }
  return count;
}

bool has_children() {
  std::ifstream children("/proc/self/task/" + std::to_string(::gettid()) + "/children");
  return std::istream_iterator<std::string>(children) != std::istream_iterator<std::string>();
}

void use_troupe(bool forks) {
  const std::size_t handles = count_handles();
  {
    troupe::Runtime runtime;
    const int sleeper = forks ? fork_a_child([] { ::pause(); }) : 0;
    for (const auto start : {troupe::StartMethod::forkserver, troupe::StartMethod::spawn}) {
      greet(runtime, start);
      if (forks) ::waitpid(fork_a_child([] {}), nullptr, 0);
    }
    expect(runtime.shutdown().killed.empty(), "all actors stop");
    if (forks) {
      ::kill(sleeper, SIGKILL);
      ::waitpid(sleeper, nullptr, 0);
    }
  }
  expect(count_handles() == handles, "no handle is left");
  expect(!has_children(), "no process is left");
}

void perform(std::string_view name) {
  for (const Deed& deed : kDeeds) {
    if (deed.name == name) deed.act();
  }
  use_troupe(name == "Forks");
}

}  // namespace

int main(int argc, char** argv) {
  troupe::main_guard(argc, argv);
  const char* name = std::getenv("TROUPE_TEST_DEED");
  const std::string report = std::getenv("TROUPE_TEST_REPORT");
  try {
    perform(name != nullptr ? name : "");
    return 0;
  } catch (const std::exception& error) {
    std::ofstream(report) << error.what() << '\n';
    return 1;
  }
}
