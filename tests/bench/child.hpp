// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sys/types.h>

#include <csignal>
#include <string>
#include <vector>

namespace troupe::bench {

// A handle of the operating system, closed at the end.
class Handle {
 public:
  explicit Handle(int number = -1) : number_(number) {}
  Handle(Handle&& other) noexcept;
  Handle& operator=(Handle other) noexcept;
  ~Handle();

  int number() const { return number_; }

 private:
  int number_;
};

// Two ends of one stream, closed on exec.
struct SocketPair {
  SocketPair();
  Handle mine;
  Handle theirs;
};

// All of it. Errors: std::system_error; read_all gives false at end of file.
void write_all(int handle, const void* bytes, std::size_t count);
bool read_all(int handle, void* bytes, std::size_t count);

// The calling process is killed when the thread that made it ends. Call it first in a child that is to die with its parent.
void die_with_parent(pid_t parent);

// A handle on any living process. Errors: std::system_error.
Handle open_process(pid_t pid);
// Nothing happens when it has ended already.
void send_signal(const Handle& process, int signal_number);

// A child process of the bench: forked, or executed afresh. It ends with this object, and with the bench if that dies.
// Thread-safety: none; make it in a thread that lives as long as it is to.
class Child {
 public:
  // Forks; the child runs body() and then ends. Only in a process of one thread, or where body keeps to system calls.
  template <class Body>
  static Child forked(Body body) {
    const pid_t parent = own_pid();
    const pid_t pid = fork_here();
    if (pid != 0) return Child(pid);
    die_with_parent(parent);
    body();
    exit_here();
  }
  // Runs this very executable with `arguments`; its handle 3 is `inherited`. It has to call die_with_parent itself.
  static Child executed(const std::vector<std::string>& arguments, const Handle& inherited);

  Child(Child&& other) noexcept;
  Child& operator=(Child other) noexcept;
  ~Child();

  pid_t pid() const { return pid_; }

 private:
  explicit Child(pid_t pid);

  static pid_t own_pid();
  static pid_t fork_here();
  [[noreturn]] static void exit_here();

  pid_t pid_;
  Handle process_;
};

}  // namespace troupe::bench
