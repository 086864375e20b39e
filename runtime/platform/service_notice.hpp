// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string_view>

namespace troupe::platform {

// Tells who supervises this process as a service how it fares ("READY=1", "STOPPING=1"), by the protocol of sd_notify: a
// datagram to the socket that NOTIFY_SOCKET names. Where that is not set, or nobody reads, nothing happens. Blocks: never.
void tell_service_manager(std::string_view state) noexcept;

}  // namespace troupe::platform
