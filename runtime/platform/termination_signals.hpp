// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "platform/event.hpp"
#include "platform/handle.hpp"

namespace troupe::platform {

// Takes the signals that ask this process to end (SIGTERM, SIGINT) from here on, in place of their default: they make a handle
// readable. One that is ignored (as by nohup) stays so. One per process. What this process executes has the default again.
class TerminationSignals {
 public:
  // Errors: std::logic_error (there is one already); std::system_error.
  TerminationSignals();
  ~TerminationSignals();
  TerminationSignals(const TerminationSignals&) = delete;
  TerminationSignals& operator=(const TerminationSignals&) = delete;

  const Handle& handle() const { return ours_.handle(); }
  // How many have come since the last call; several that came at once may count as one.
  int take() noexcept;

 private:
  Event ours_;
  Event handlers_;
};

}  // namespace troupe::platform
