// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

// System calls of a traced thread.
namespace troupe::campaigns {

struct FailingCall {
  long number;
  int error;         // what it may fail with, in life
  const char* name;  // for people
};

// Null for a call that cannot fail, or whose failure means nothing.
const FailingCall* find_failing_call(std::uint64_t number);

// At its entry: the kernel does not do it. At its exit then: it returns -error.
void skip_call(int tid);
void set_call_error(int tid, int error);

}  // namespace troupe::campaigns
