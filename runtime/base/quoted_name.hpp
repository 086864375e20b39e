// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>

namespace troupe::detail {

// A name in a text for people: "parser". A long one is cut, at a character of UTF-8, and its length said.
std::string quoted_name(std::string_view name);

}  // namespace troupe::detail
