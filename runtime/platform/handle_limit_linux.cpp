// SPDX-License-Identifier: BSL-1.0
#include "platform/handle_limit.hpp"

#include <sys/resource.h>

namespace troupe::platform {
namespace {

rlimit former{};
bool is_raised = false;

}  // namespace

void raise_handle_limit() noexcept {
  if (is_raised || ::getrlimit(RLIMIT_NOFILE, &former) != 0) return;
  const rlimit raised{former.rlim_max, former.rlim_max};
  is_raised = ::setrlimit(RLIMIT_NOFILE, &raised) == 0;
}

void restore_handle_limit() noexcept {
  if (is_raised) (void)::setrlimit(RLIMIT_NOFILE, &former);
}

}  // namespace troupe::platform
