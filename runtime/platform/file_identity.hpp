// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

#include "platform/handle.hpp"

namespace troupe::platform {

// Says which file is open, and in which state: the same for two handles if they are the same file, and nobody has written into
// it between. Empty: the system does not tell.
std::string file_identity(const Handle& file);

}  // namespace troupe::platform
