// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fault.hpp"

namespace troupe::campaigns {

// Traces a client's process and all that it brings about (its manager, zygote and hosts, told apart by who made whom), makes
// one system call of one role fail, and notes how each process ends. Traced by the one thread that uses this, which must
// have no other children. Thread-safety: one thread.
class FamilyTracer {
 public:
  // Blocks: until all threads of `client` have stopped. With another kind of fault no call is touched, nor when
  // `page` says that it is over.
  FamilyTracer(int client, const Fault& fault, const FaultPage& page);
  FamilyTracer(const FamilyTracer&) = delete;
  FamilyTracer& operator=(const FamilyTracer&) = delete;

  // Lets them run. Blocks: until all have ended.
  void run();

  // What was made to fail, for people; empty: the role made fewer calls.
  const std::string& failed() const { return failed_; }
  // Processes that ended by a signal that says that their code is wrong, for people.
  const std::vector<std::string>& crashes() const { return crashes_; }
  int client_exit_code() const { return client_exit_code_; }

 private:
  struct Thread {
    std::optional<Role> role;  // nobody has told whose it is: none of its calls counts
    bool is_free = false;      // to run: its maker has told of it, or may have ended before it could
    bool has_stopped = false;  // and waits to be free
    std::string crash{};       // where it was when it got a signal that ends it
    int error = 0;             // the call that it is in returns this
  };

  void on_stop(int tid, int status);
  void on_signal(int tid, Thread& thread, int signal);
  void on_event(int tid, int event);
  void on_end(int tid, int status);
  void on_call(int tid, Thread& thread);
  void adopt(int tid, std::optional<Role> role);
  void release_orphans();
  void resume(int tid, int signal = 0);
  bool counts(const Thread& thread) const { return fault_.kind == Fault::Kind::system_call && thread.role == fault_.role; }

  const int client_;
  const Fault fault_;
  const FaultPage& page_;
  std::map<int, Thread> threads_;
  std::uint32_t calls_ = 0;  // of the role, those that may fail
  std::string failed_;
  std::vector<std::string> crashes_;
  int client_exit_code_ = -1;
};

}  // namespace troupe::campaigns
