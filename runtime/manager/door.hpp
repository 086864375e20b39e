// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>
#include <string>

#include "base/function.hpp"
#include "manager/loop.hpp"
#include "platform/named_socket.hpp"
#include "platform/termination_signals.hpp"

namespace troupe::manager {

// Where clients come in to a named manager, until a signal closes it. What becomes of either is left to the callbacks.
// Thread-safety: the loop's thread.
class Door {
 public:
  struct Callbacks {
    Function<void(platform::NamedPeer peer)> on_client;
    Function<void()> on_signal;        // the first that asks for the end: nobody comes in any more
    Function<void()> on_later_signal;  // each that asks for it again
  };

  // Open from now on. Errors: as NamedListener.
  Door(Loop& loop, const std::string& name, Callbacks callbacks);

 private:
  void open();
  void pause();
  void let_in();
  void signals_came();
  void shut();

  Callbacks callbacks_;
  platform::NamedListener listener_;
  platform::TerminationSignals signals_{};
  HandleWatch signal_watch_;
  Loop& loop_;
  std::unique_ptr<HandleWatch> watch_;  // empty: nobody is let in, for a moment or any more
  Alarm pause_;
  bool is_shut_ = false;
};

}  // namespace troupe::manager
