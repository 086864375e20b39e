// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "child.hpp"
#include "clock.hpp"

namespace troupe::bench {

// Measures floors in a process of its own, of one thread and few pages: the bench itself is large and has the threads of a
// runtime. Thread-safety: none.
class SmallProcess {
 public:
  // A function of this executable: the child is a fork, so the address means the same there.
  using Measurement = Latency (*)(int count);

  // Make it before there is any other thread.
  SmallProcess();

  // Blocks: until it is measured. Errors: std::runtime_error when the process is gone.
  Latency run(Measurement measurement, int count);

 private:
  SocketPair sockets_;
  Child child_;
};

}  // namespace troupe::bench
