// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/error.hpp>

#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "platform/os_error.hpp"

namespace troupe::client {

// Errors: StartError when there can be no more threads.
template <class... Args>
std::thread started_thread(Args&&... args) try {
  return std::thread(std::forward<Args>(args)...);
} catch (const std::system_error& error) {
  throw StartError("no thread could be started: " + platform::os_reason(error.code().value()));
}

}  // namespace troupe::client
