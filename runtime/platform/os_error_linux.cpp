// SPDX-License-Identifier: BSL-1.0
#include "platform/os_error.hpp"

#include <system_error>

namespace troupe::platform {

void throw_os_error(int number, const std::string& what) { throw std::system_error(number, std::system_category(), what); }

std::string os_reason(int number) { return std::system_category().message(number); }

}  // namespace troupe::platform
