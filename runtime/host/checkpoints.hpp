// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

#include "host/actor.hpp"
#include "platform/memory.hpp"

namespace troupe::host {

// Takes checkpoints of an actor that may have a next life: when they are due, after a call and before it is answered, so that an
// answered call is in the checkpoint. Where they are kept is left to the listener.
// Thread-safety: the dispatcher's thread.
class Checkpoints {
 public:
  class Listener {
   public:
    virtual void checkpoint_taken(const platform::SharedMemory& memory, std::uint64_t bytes) = 0;

   protected:
    ~Listener() = default;
  };

  // `every`: see wire::Construct. One at a time in a process: request_checkpoint() finds it.
  Checkpoints(const Actor& actor, std::uint32_t every, Listener& listener);
  ~Checkpoints();
  Checkpoints(const Checkpoints&) = delete;
  Checkpoints& operator=(const Checkpoints&) = delete;

  // A method has run.
  void call_done() {
    if (is_wanted_ && (is_requested_ || ++calls_ == every_)) take();
  }
  // After the call that runs.
  void request() { is_requested_ = true; }

 private:
  void take();

  const Actor& actor_;
  const std::uint32_t every_;  // 0: only on request
  const bool is_wanted_;
  Listener& listener_;
  std::uint32_t calls_ = 0;  // since the last one
  bool is_requested_ = false;
};

}  // namespace troupe::host
