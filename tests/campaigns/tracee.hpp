// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <vector>

namespace troupe::campaigns {

// A process that this thread traces: stopped as a whole at first, then run to a place in its code, then moved on from there
// instruction by instruction or system call by system call (the one thread that came there; the others run), and killed.
// It may be a child of another process, which sees the end when this has let go of it. Threads that it makes meanwhile are
// let run. Thread-safety: one thread. Errors: Broken when it does something else than was expected.
class Tracee {
 public:
  using Places = std::vector<std::uint64_t>;

  // Blocks: until all of its threads have stopped.
  explicit Tracee(int pid);
  ~Tracee();
  Tracee(const Tracee&) = delete;
  Tracee& operator=(const Tracee&) = delete;

  // Blocks: until a thread has come to one of `places` `passes` times, and once more.
  void run_to(const Places& places, int passes);

  // One instruction; where the thread is then.
  std::uint64_t step();
  // To the next entry into or exit from a system call; false: it has come to one of `places` before.
  bool step_to_kernel(const Places& places);

  // SIGKILL. Blocks: until its end has been seen here; then its parent may see it.
  void kill() noexcept;

 private:
  struct Planted {
    std::uint64_t place;
    long word;
  };

  void seize_all();
  bool knows(int tid) const;
  bool seize(int tid);
  void plant(const Places& places);
  void uproot();
  int await_breakpoint();
  void pass_over(std::uint64_t place);
  std::uint64_t take_breakpoint();
  int await(int tid) const;

  const int pid_;
  int current_ = 0;  // the thread that is moved
  std::vector<int> threads_;
  std::vector<Planted> planted_;
  bool is_alive_ = true;
};

}  // namespace troupe::campaigns
