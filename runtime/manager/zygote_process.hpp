// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "manager/child.hpp"
#include "manager/loop.hpp"
#include "manager/peer.hpp"
#include "manager/program.hpp"

namespace troupe::manager {

// The manager's side of one zygote process: its start, its socket, its end. Which forks are due is the launcher's.
class ZygoteProcess {
 public:
  // What can be expected of another one.
  enum class Chance {
    good,
    if_bound_late,  // this one could not be bound early
    none,           // it would end likewise
  };

  // What becomes of it; each is called in the loop, never inside a call to this.
  class Listener {
   public:
    virtual void zygote_ready() = 0;
    virtual void zygote_cannot_fork(const std::string& reason) = 0;  // it never will
    virtual void forked(std::uint64_t request, int pid) = 0;
    virtual void fork_failed(std::uint64_t request, const std::string& reason) = 0;
    // Last of all, when it has been reaped; this may be destroyed then.
    virtual void zygote_ended(const std::string& reason, Chance chance) = 0;

   protected:
    ~Listener() = default;
  };

  // Errors: StartError, std::system_error.
  ZygoteProcess(Loop& loop, Children& children, const Program& program, bool binds_early, Listener& listener);
  ~ZygoteProcess();
  ZygoteProcess(const ZygoteProcess&) = delete;
  ZygoteProcess& operator=(const ZygoteProcess&) = delete;

  bool is_ready() const { return is_ready_; }
  // Ownership: `host_socket` stays the caller's.
  void fork(std::uint64_t request, const platform::ControlSocket& host_socket);
  void kill() const { child_->kill(); }

 private:
  void on_packet(const platform::Packet& packet);
  void on(const wire::Hello& hello);
  void on(const wire::Forked& forked);
  void on(const wire::ForkFailed& failed);
  void on(const wire::GuardMissing& missing);
  void on_gone(const std::string& reason);
  void on_end(const platform::ChildEnd& end);
  Chance chance_after(const platform::ChildEnd& end) const;
  std::string reason_for_end(const platform::ChildEnd& end) const;

  Program program_;
  const bool binds_early_;
  Listener& listener_;
  std::shared_ptr<Peer> peer_;
  std::unique_ptr<Child> child_;
  Alarm silence_;  // between the end of its socket and its own
  bool is_ready_ = false;
  bool is_hopeless_ = false;
  std::string complaint_;  // the first reason to end it
};

}  // namespace troupe::manager
