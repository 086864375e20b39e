// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "platform/event.hpp"

namespace troupe::platform {

// Tells a loop that children of this process have ended (SIGCHLD), once for any number of them. Which ones is left to those
// who wait for them. One at a time in a process. Thread-safety: none.
class ChildSignal {
 public:
  // Errors: std::system_error; std::logic_error while there is another one.
  ChildSignal();
  ~ChildSignal();
  ChildSignal(const ChildSignal&) = delete;
  ChildSignal& operator=(const ChildSignal&) = delete;

  const Handle& handle() const { return ours_.handle(); }  // readable when children have ended
  void clear() const noexcept { ours_.clear(); }           // before a look at the children

 private:
  Event ours_;
  Event handlers_;
};

}  // namespace troupe::platform
