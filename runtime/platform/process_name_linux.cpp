// SPDX-License-Identifier: BSL-1.0
#include "platform/process_name.hpp"

#include <sys/prctl.h>

namespace troupe::platform {

void set_process_name(const std::string& name) noexcept { set_thread_name(name); }

void set_thread_name(const std::string& name) noexcept { (void)::prctl(PR_SET_NAME, name.c_str()); }

}  // namespace troupe::platform
