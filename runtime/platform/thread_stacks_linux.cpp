// SPDX-License-Identifier: BSL-1.0
#include "platform/thread_stacks.hpp"

#include <elfutils/libdwfl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>

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

struct Process {
  Dwfl* dwfl;
  int pid;
  std::vector<ThreadStack> threads{};
};

int add_thread(Dwfl_Thread* thread, void* argument) {
  auto& process = *static_cast<Process*>(argument);
  ThreadStack stack{.id = dwfl_thread_tid(thread)};
  Trace trace{process.dwfl};
  const int answer = dwfl_thread_getframes(thread, &add_frame, &trace);
  if (answer == DWARF_CB_ABORT) {
    stack.gap = "there are more";
  } else if (answer != 0) {
    stack.gap = dwfl_errmsg(-1);  // also at the end of each thread whose first function does not say that it is the first
  }
  stack.name = name_of(process.pid, stack.id);
  stack.frames = lines_of(trace.lines);
  process.threads.push_back(std::move(stack));
  return DWARF_CB_OK;
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

std::vector<ThreadStack> thread_stacks_of(int pid) {
  const std::unique_ptr<Dwfl, End> dwfl(dwfl_begin(&kCallbacks));
  if (dwfl == nullptr) check(-1, pid);
  check(dwfl_linux_proc_report(dwfl.get(), pid), pid);
  check(dwfl_report_end(dwfl.get(), nullptr, nullptr), pid);
  check(dwfl_linux_proc_attach(dwfl.get(), pid, false), pid);
  Process process{dwfl.get(), pid};
  if (dwfl_getthreads(dwfl.get(), &add_thread, &process) == -1) check(-1, pid);
  std::ranges::stable_partition(process.threads, [pid](const ThreadStack& each) { return each.id == pid; });
  if (process.threads.empty()) refuse(pid, "it has ended");
  if (process.threads.front().frames.empty()) refuse(pid, process.threads.front().gap);
  std::ranges::for_each(process.threads, &add_symbols);
  return std::move(process.threads);
}

}  // namespace troupe::platform
