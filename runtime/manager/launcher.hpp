// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/function.hpp"
#include "manager/child.hpp"
#include "manager/loop.hpp"
#include "manager/program.hpp"
#include "platform/control_socket.hpp"
#include "platform/process.hpp"

namespace troupe::manager {

class Nursery;

// One host process to be started. `number` is the caller's, unique, and comes back with the outcome.
struct LaunchOrder {
  std::uint64_t number = 0;
  Program program;
  bool by_exec = false;                                          // a fresh image instead of a zygote's copy
  std::vector<std::pair<std::string, std::string>> environment;  // by_exec only
  std::string working_directory;                                 // of one that is executed; a copy enters its own
};

struct NewHost {
  platform::ControlSocket socket;
  platform::Process process;  // a child of this process
  bool by_exec = false;       // then a Hello comes first, to be checked; a zygote's has been
};

// Starts host processes: through a zygote for each program, which it starts when it is first wanted and again when it has
// died, or by executing the program where that is ordered or the zygote cannot fork. What hosts do then is left to others.
class Launcher {
 public:
  class Listener {
   public:
    virtual void launched(std::uint64_t number, NewHost host) = 0;
    virtual void launch_failed(std::uint64_t number, const std::string& reason) = 0;

   protected:
    ~Listener() = default;
  };

  Launcher(Loop& loop, Children& children, Listener& listener);
  ~Launcher();

  // Starts the program's zygote, so that it is ready when it is wanted.
  void warm_up(const Program& program);
  // The outcome comes to the listener, once; maybe before this returns.
  void launch(LaunchOrder order);
  // No outcome comes any more; a process that comes up all the same is ended. `is_too_late`: a zygote that has kept this
  // one waiting without a word is ended, too.
  void cancel(std::uint64_t number, bool is_too_late = false);
  // Ends the zygotes of programs that are not used, and forgets those programs.
  void give_up(const Function<bool(const std::string& key)>& is_used);
  // A nursery that was given up has no zygote any more. It is forgotten in a turn of its own, unless it is wanted again.
  void given_up();
  // Ends all zygotes. Nothing may be launched any more.
  void end();
  // Starts it without a zygote. The outcome comes before this returns.
  void execute(const LaunchOrder& order);

 private:
  Nursery& nursery_of(const Program& program);

  Loop& loop_;
  Children& children_;
  Listener& listener_;
  std::map<std::string, std::unique_ptr<Nursery>> nurseries_;  // by the program's key
};

}  // namespace troupe::manager
