// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace troupe::supervision {

// How a life ended, as far as a policy asks.
enum class Exit : std::uint8_t { crash, clean };

}  // namespace troupe::supervision
