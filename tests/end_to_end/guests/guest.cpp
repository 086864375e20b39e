// SPDX-License-Identifier: BSL-1.0
// A program that a test runs with the name of what it shall do, most of it wrong. Its processes in a role have no arguments,
// as programs have that look at theirs. Says on standard output what came of it.
#include <troupe/troupe.hpp>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

// As programs do, with no thought of where it goes.
void use_standard_streams() {
  std::fputs("printed\n", stdout);
  std::fflush(stdout);
  std::fputs("complained\n", stderr);
  std::getchar();
  std::clearerr(stdin);
}

struct Greeter {
  int answer() { return 42; }
  int pid() { return ::getpid(); }
  std::string echo(const std::string& text) {
    use_standard_streams();
    return text;
  }
  // That sleeps; its pid.
  int start_child() {
    const int child = ::fork();
    while (child == 0) ::pause();
    return child;
  }
  // The error of reading; 0: none.
  int read_standard_input() {
    char byte = 0;
    return ::read(STDIN_FILENO, &byte, 1) < 0 ? errno : 0;
  }
};

// How often main ran, in all processes: a line each.
void note_run() {
  if (const char* path = std::getenv("TROUPE_TEST_RUNS")) std::ofstream(path, std::ios::app) << ::getpid() << '\n';
}

std::string own_path() {
  std::string path(4096, '\0');
  path.resize(static_cast<std::size_t>(::readlink("/proc/self/exe", path.data(), path.size())));
  return path;
}

// As an upgrade does it.
void replace_own_file() {
  const std::string newer = own_path() + ".new";
  std::filesystem::copy_file("/bin/true", newer);
  std::filesystem::rename(newer, own_path());
}

// The kernel should not let it.
void write_into_own_file() {
  std::ifstream other("/bin/true", std::ios::binary);
  std::ofstream(own_path(), std::ios::binary | std::ios::in) << other.rdbuf();
}

void greet(troupe::Runtime& runtime) {
  for (const auto start : {troupe::StartMethod::forkserver, troupe::StartMethod::spawn}) {
    fmt::print("{}\n", runtime.spawn<Greeter>({.start = start}).call<&Greeter::answer>().get());
  }
}

// `which`: a bit for each of the three standard streams; the others read and write nothing.
void close_standard_streams(int which) {
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int descriptor = 0; descriptor <= 2; ++descriptor)
    (which >> descriptor & 1) != 0 ? ::close(descriptor) : ::dup2(nothing, descriptor);
  if (nothing > 2) ::close(nothing);
}

// How many answers are right while they, and what is asked, lie beside what both sides print.
int right_answers(const troupe::Proxy<Greeter>& actor) {
  constexpr int kCalls = 100;
  const auto text_of = [](int i) { return std::string(static_cast<std::size_t>(i) * 50, static_cast<char>('a' + i % 26)); };
  std::vector<troupe::AsyncResult<std::string>> answers;
  for (int i = 0; i < kCalls; ++i) {
    answers.push_back(actor.call<&Greeter::echo>(text_of(i)));
    use_standard_streams();
  }
  int right = 0;
  for (int i = 0; i < kCalls; ++i) right += answers[static_cast<std::size_t>(i)].get() == text_of(i) ? 1 : 0;
  return right;
}

// A program that was started with standard streams closed, or (`is_later`) a daemon, which closes them when its runtime is there.
void print_without_streams(int which, bool is_later, int argc, char** argv) {
  std::FILE* report = ::fdopen(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 100), "w");
  close_standard_streams(is_later ? 0 : which);
  troupe::Runtime runtime(argc, argv);
  if (is_later) close_standard_streams(which);
  for (const auto start : {troupe::StartMethod::forkserver, troupe::StartMethod::spawn})
    fmt::print(report, "{} right\n", right_answers(runtime.spawn<Greeter>({.start = start})));
  std::fclose(report);
}

// Lives until it is killed; tells the pids of its two hosts, and of what one of them has started.
[[noreturn]] void live(troupe::Runtime& runtime) {
  auto actor = runtime.spawn<Greeter>();
  auto executed = runtime.spawn<Greeter>({.start = troupe::StartMethod::spawn});
  fmt::print("{}\n{}\n{}\n", actor.pid(), executed.pid(), actor.call<&Greeter::start_child>().get());
  std::fflush(stdout);
  for (;;) ::pause();
}

// From here on, in all threads to come, SIGINT waits to be asked for.
void hold_interrupts() {
  sigset_t interrupt;
  ::sigemptyset(&interrupt);
  ::sigaddset(&interrupt, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &interrupt, nullptr);
}

// Takes SIGINT as an order to end, and has one more question before that.
void end_when_interrupted(troupe::Runtime& runtime) {
  auto actor = runtime.spawn<Greeter>();
  fmt::print("ready\n");
  std::fflush(stdout);
  sigset_t held;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &held);
  int signal = 0;
  ::sigwait(&held, &signal);
  fmt::print("answer {}\n", actor.call<&Greeter::answer>().get());
}

void perform(std::string_view task, int argc, char** argv) {
  if (task == "no-guard") {
    troupe::Runtime runtime;
    return greet(runtime);
  }
  if (task.starts_with("closed-")) return print_without_streams(task.back() - '0', task.starts_with("closed-later"), argc, argv);
  if (task == "not-executable") ::chmod(own_path().c_str(), 0600);
  if (task == "removed") ::unlink(own_path().c_str());
  if (task == "replaced") replace_own_file();
  if (task == "interrupted") hold_interrupts();
  if (task == "written-to") write_into_own_file();
  troupe::Runtime runtime(argc, argv);
  if (task == "live") live(runtime);
  if (task == "interrupted") return end_when_interrupted(runtime);
  if (task == "reading") fmt::print("error {}\n", runtime.spawn<Greeter>().call<&Greeter::read_standard_input>().get());
  greet(runtime);
  if (!task.starts_with("later-")) return;
  if (task == "later-not-executable") ::chmod(own_path().c_str(), 0600);
  if (task == "later-replaced") replace_own_file();
  greet(runtime);
}

}  // namespace

int main(int argc, char** argv) {
  note_run();
  const std::string_view task = argc > 1                                        ? argv[1]
                                : std::getenv("TROUPE_TEST_IN_ROLE") != nullptr ? std::getenv("TROUPE_TEST_IN_ROLE")
                                                                                : "";
  if (task.empty()) {  // a role that came to its guard
    troupe::main_guard(argc, argv);
    return 3;
  }
  if (task == "usage") return 2;
  try {
    perform(task, argc, argv);
  } catch (const troupe::StartError& error) {
    fmt::print("StartError: {}\n", error.what());
  } catch (const std::logic_error& error) {
    fmt::print("logic_error: {}\n", error.what());
  }
}
