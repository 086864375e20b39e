// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace troupe::platform {

// Opens on /dev/null what this process has closed of its standard input, output and error. The next files that it opens would
// take their numbers, and who prints would write into them. What it starts inherits them.
void open_standard_handles() noexcept;

// Whether a handle has the number of a standard one.
constexpr bool is_standard(int descriptor) { return static_cast<unsigned>(descriptor) <= 2; }

}  // namespace troupe::platform
