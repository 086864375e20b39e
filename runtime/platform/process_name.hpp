// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

namespace troupe::platform {

// What ps and top call this process (its main thread; cut after 15 bytes). Call it in the main thread.
void set_process_name(const std::string& name) noexcept;
// Likewise the thread that calls it.
void set_thread_name(const std::string& name) noexcept;

}  // namespace troupe::platform
