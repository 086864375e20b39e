// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <map>
#include <memory>
#include <set>

#include "base/function.hpp"
#include "manager/loop.hpp"
#include "platform/child_end.hpp"
#include "platform/child_signal.hpp"
#include "platform/process.hpp"

namespace troupe::manager {

class Child;

// All child processes that the manager knows, and a broom for those that it does not: a zygote that dies between cloning
// and saying so leaves a child behind that nobody else would reap. Outlives each Child. Thread-safety: the loop's thread.
class Children {
 public:
  // `on_empty`: in a turn of its own, when the last child has been reaped.
  Children(Loop& loop, Function<void()> on_empty)
      : loop_(loop), on_empty_(std::move(on_empty)), signal_watch_(loop, signal_.handle().get(), [this] { on_signal(); }) {}

  bool is_empty() const { return pids_.empty(); }
  bool knows(int pid) const { return pids_.contains(pid); }
  // From now on there may be unknown children: they are reaped as they end.
  void expect_strays();
  // Kills a child that nobody wants any more, and reaps it.
  void end(platform::Process process);

 private:
  friend class Child;
  void leave(int pid);
  void on_signal();
  void sweep();

  Loop& loop_;
  Function<void()> on_empty_;
  platform::ChildSignal signal_;  // from the start: when it is needed, there may be no handle left for it
  HandleWatch signal_watch_;
  std::set<int> pids_;
  std::set<Child*> held_;  // ended, but a debugger holds on to them
  bool has_strays_ = false;
  std::map<int, std::unique_ptr<Child>> unwanted_;  // by pid; last, since they leave what is above
};

// One child process, watched to its end and reaped there; what is left of the process group that it leads ends with it.
class Child {
 public:
  using OnEnd = Function<void(const platform::ChildEnd& end)>;

  // `on_end`: once, after it has been reaped; it may destroy this.
  Child(Loop& loop, Children& children, platform::Process process, OnEnd on_end);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  const platform::Process& process() const { return process_; }
  void kill() const { process_.kill(); }
  void terminate() const { process_.terminate(); }
  // Its end shall tell its own processor time, too.
  void ask_own_time() { is_own_time_asked_ = true; }

 private:
  friend class Children;
  void on_ended();

  Children& children_;
  platform::Process process_;
  OnEnd on_end_;
  std::unique_ptr<HandleWatch> watch_;
  bool is_own_time_asked_ = false;
};

}  // namespace troupe::manager
