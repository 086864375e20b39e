// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace troupe::platform {

enum class StandardStream : std::uint8_t { input = 0, output = 1, error = 2 };

bool is_terminal(StandardStream stream) noexcept;

}  // namespace troupe::platform
