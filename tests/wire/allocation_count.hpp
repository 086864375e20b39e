// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>

namespace troupe::test {

// The bytes that this thread has allocated with operator new since the object was made; what was freed again counts, too.
class AllocationCount {
 public:
  AllocationCount();
  std::size_t bytes() const;

 private:
  std::size_t start_;
};

}  // namespace troupe::test
