// SPDX-License-Identifier: BSL-1.0
#include "pool/crew_errors.hpp"

#include <stdexcept>

#include "platform/fork_mark.hpp"

namespace troupe::pool {

void check_process() {
  if (platform::is_forked_child())
    throw std::logic_error("troupe: a pool is used in a process that was forked from the one that made it; make one there");
}

}  // namespace troupe::pool
