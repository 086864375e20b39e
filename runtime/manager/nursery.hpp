// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "manager/child.hpp"
#include "manager/launcher.hpp"
#include "manager/loop.hpp"
#include "manager/program.hpp"
#include "manager/zygote_process.hpp"

namespace troupe::manager {

// The hosts-to-be of one program: has its zygote fork them, and has it started (again) when there is none.
class Nursery final : public ZygoteProcess::Listener {
 public:
  // `owner` executes what cannot be forked.
  Nursery(Loop& loop, Children& children, Launcher& owner, Launcher::Listener& listener, Program program);
  ~Nursery();

  void warm_up();
  void add(LaunchOrder order);
  // See Launcher::cancel; nothing happens if the order is not here.
  void cancel(std::uint64_t number, bool is_too_late);
  void end();
  // Nobody wants the program any more, unless warm_up() or add() is called again.
  void give_up();
  // And nothing is left.
  bool is_given_up() const { return is_unwanted_ && !zygote_ && waiting_.empty(); }

 private:
  struct Waiting {
    LaunchOrder order;
    platform::ControlSocket socket;  // ours to the host, once the zygote was asked
    bool was_sent = false;
    bool is_cancelled = false;
  };

  void zygote_ready() override;
  void zygote_cannot_fork(const std::string& reason) override;
  void forked(std::uint64_t request, int pid) override;
  void fork_failed(std::uint64_t request, const std::string& reason) override;
  void zygote_ended(const std::string& reason, ZygoteProcess::Chance chance) override;

  void send(Waiting& waiting);
  void recall_forks();
  void fail_all(const std::string& reason);
  Waiting take(std::uint64_t request);

  Loop& loop_;
  Children& children_;
  Launcher& owner_;
  Launcher::Listener& listener_;
  const Program program_;
  std::unique_ptr<ZygoteProcess> zygote_;
  std::map<std::uint64_t, Waiting> waiting_;  // by the order's number, which is the fork's request number as well
  int failures_in_a_row_ = 0;
  bool binds_early_ = true;
  bool cannot_fork_ = false;
  bool has_ended_ = false;
  bool is_unwanted_ = false;
};

}  // namespace troupe::manager
