// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

// The places in the code that platform/step_mark.hpp names.
namespace troupe::campaigns {

// Where the places of that name lie in process `pid`, which runs this very executable. Errors: Broken when there is none.
std::vector<std::uint64_t> addresses_of(std::string_view mark, int pid);

}  // namespace troupe::campaigns
