// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace troupe::host {

// Hears of each message that this process's actor is about to run. For tests that make an actor's process die at a certain one.
class MessageWatch {
 public:
  // The message is taken (its sender's verdict is no longer "not started"), and not run yet: not even decoded.
  virtual void message_taken() = 0;

 protected:
  ~MessageWatch() = default;
};

// In an actor's method, in the thread that runs it: from the next message on, whoever sends it. `watch` lives as long as the
// process. Errors: std::logic_error elsewhere.
void watch_messages(MessageWatch& watch);

}  // namespace troupe::host
