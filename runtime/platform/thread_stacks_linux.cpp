// SPDX-License-Identifier: BSL-1.0
#include "platform/thread_stacks.hpp"

#include <elfutils/libdwfl.h>
#include <fmt/format.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "platform/symbols.hpp"

namespace troupe::platform {

namespace {

constexpr std::size_t kMostFrames = 256;

// Debug information in a file of its own is not looked for, least of all by a network.
int find_no_debug_file(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*, GElf_Word, char**) { return -1; }

constexpr Dwfl_Callbacks kCallbacks{&dwfl_linux_proc_find_elf, &find_no_debug_file, nullptr, nullptr};

struct End {
  void operator()(Dwfl* process) const { dwfl_end(process); }
};

// libdwfl's answers: 0, an error of the system's, or -1 for one of its own.
void check(int answer, int pid) {
  if (answer == 0) return;
  throw std::runtime_error(
      fmt::format("the process {} cannot be looked into: {}", pid, answer > 0 ? std::strerror(answer) : dwfl_errmsg(-1)));
}

std::string name_of(int pid, int thread) {
  std::ifstream file(fmt::format("/proc/{}/task/{}/comm", pid, thread));
  std::string name;
  std::getline(file, name);
  return name;
}

// "FILE+0xADDRESS", as traces of crashes are written; the address is the file's own.
std::string place_of(Dwfl* process, Dwarf_Addr address) {
  Dwfl_Module* const module = dwfl_addrmodule(process, address);
  GElf_Addr bias = 0;
  if (module == nullptr || dwfl_module_getelf(module, &bias) == nullptr) return fmt::format("{:#x}", address);
  const char* file = nullptr;
  const char* const name = dwfl_module_info(module, nullptr, nullptr, nullptr, nullptr, nullptr, &file, nullptr);
  return fmt::format("{}+{:#x}", file != nullptr ? file : name, address - bias);
}

// What the callbacks of libdwfl fill.
struct Trace {
  Dwfl* process;
  std::size_t count = 0;
  std::string lines{};
};

int add_frame(Dwfl_Frame* frame, void* argument) {
  auto& trace = *static_cast<Trace*>(argument);
  Dwarf_Addr address = 0;
  bool is_activation = false;
  if (trace.count++ == kMostFrames || !dwfl_frame_pc(frame, &address, &is_activation)) return DWARF_CB_ABORT;
  if (!is_activation) --address;  // it is where it returns to: the call lies before
  trace.lines += place_of(trace.process, address) + '\n';
  return DWARF_CB_OK;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(std::move(line));
  return lines;
}

// The threads that a process has now, its first one before the others; none: it has ended.
std::vector<int> threads_of(int pid) {
  std::vector<int> threads;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), error)) {
    const std::string name = entry.path().filename();
    int thread = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), thread).ec == std::errc()) threads.push_back(thread);
  }
  std::ranges::stable_partition(threads, [pid](int each) { return each == pid; });
  return threads;
}

// A thread of another process that is held by ptrace; with this object it goes on as before, and also where this process dies:
// nothing is sent to it that could stay (as SIGSTOP would).
class HeldThread {
 public:
  // Blocks: while it is in an uninterruptible wait.
  explicit HeldThread(int thread) : thread_(thread) { hold(); }
  ~HeldThread() {
    if (is_held_) ::ptrace(PTRACE_DETACH, thread_, nullptr, signal_);
  }
  HeldThread(const HeldThread&) = delete;
  HeldThread& operator=(const HeldThread&) = delete;

  bool is_held() const { return is_held_; }
  const std::string& reason() const { return reason_; }  // why not

 private:
  void hold() {
    if (::ptrace(PTRACE_SEIZE, thread_, nullptr, nullptr) != 0) return note(std::strerror(errno));
    ::ptrace(PTRACE_INTERRUPT, thread_, nullptr, nullptr);
    int status = 0;
    while (::waitpid(thread_, &status, __WALL) < 0) {
      if (errno != EINTR) return note(std::strerror(errno));
    }
    is_held_ = WIFSTOPPED(status);
    if (!is_held_) return note("it has ended");
    const bool is_about_a_signal = status >> 16 == 0;  // that it was about to take, and shall
    signal_ = is_about_a_signal ? WSTOPSIG(status) : 0;
  }
  void note(const char* reason) { reason_ = reason; }

  int thread_;
  long signal_ = 0;
  bool is_held_ = false;
  std::string reason_{};
};

// While it is held its number is nobody else's; so this is the last look that it takes.
bool is_thread_of(const Process& process, int thread) {
  std::error_code error;
  return std::filesystem::exists(fmt::format("/proc/{}/task/{}", process.pid(), thread), error) &&
         !process.wait_ended(std::chrono::steady_clock::now());
}

void read_frames(Dwfl* process, ThreadStack& stack) {
  Trace trace{process};
  const int answer = dwfl_getthread_frames(process, stack.id, &add_frame, &trace);
  if (answer == DWARF_CB_ABORT) {
    stack.gap = "there are more";
  } else if (answer != 0) {
    stack.gap = dwfl_errmsg(-1);  // also at the end of each thread whose first function does not say that it is the first
  }
  stack.frames = lines_of(trace.lines);
}

ThreadStack stack_of(Dwfl* dwfl, const Process& process, int thread) {
  ThreadStack stack{.id = thread};
  const HeldThread held(thread);
  stack.gap = held.reason();
  if (!held.is_held()) return stack;
  if (!is_thread_of(process, thread)) {
    stack.gap = "it has ended";
    return stack;
  }
  read_frames(dwfl, stack);
  stack.name = name_of(process.pid(), thread);
  return stack;
}

// Read first, symbols later: so no thread is held for longer than its stack takes.
void add_symbols(ThreadStack& stack) { stack.frames = lines_of(with_symbols(fmt::format("{}", fmt::join(stack.frames, "\n")))); }

// The actor's own thread is what is asked for.
[[noreturn]] void refuse(int pid, const std::string& reason) {
  throw std::runtime_error(
      fmt::format("the stacks of process {} cannot be read: {}; it takes root, or kernel.yama.ptrace_scope=0, and no "
                  "debugger that has the process already",
                  pid, reason));
}

}  // namespace

std::vector<ThreadStack> thread_stacks_of(const Process& process) {
  const int pid = process.pid();
  const std::unique_ptr<Dwfl, End> dwfl(dwfl_begin(&kCallbacks));
  if (dwfl == nullptr) check(-1, pid);
  check(dwfl_linux_proc_report(dwfl.get(), pid), pid);
  check(dwfl_report_end(dwfl.get(), nullptr, nullptr), pid);
  check(dwfl_linux_proc_attach(dwfl.get(), pid, true), pid);
  std::vector<ThreadStack> stacks;
  for (const int thread : threads_of(pid)) stacks.push_back(stack_of(dwfl.get(), process, thread));
  if (stacks.empty() || process.wait_ended(std::chrono::steady_clock::now())) refuse(pid, "it has ended");
  if (stacks.front().frames.empty()) refuse(pid, stacks.front().gap);
  std::ranges::for_each(stacks, &add_symbols);
  return stacks;
}

}  // namespace troupe::platform
