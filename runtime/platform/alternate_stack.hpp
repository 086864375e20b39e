// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <memory>

namespace troupe::platform {

// Where the handlers of signals run in the thread that made it, until it is destroyed there: without one a thread that overflows
// its own stack ends its process unheard. Where the thread has one that is large enough, that one stays; without memory for one
// there is none.
class AlternateStack {
 public:
  AlternateStack() noexcept;
  ~AlternateStack();
  AlternateStack(const AlternateStack&) = delete;
  AlternateStack& operator=(const AlternateStack&) = delete;

 private:
  std::unique_ptr<std::byte[]> memory_;  // null: it is not ours
};

}  // namespace troupe::platform
