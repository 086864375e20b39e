// SPDX-License-Identifier: BSL-1.0
// expect: troupe: TROUPE_EXCEPTION needs a class that is not final
// expect: remove `final`, or leave the class out
#include <stdexcept>
#include <string>
#include <troupe/troupe.hpp>

struct Last final : std::runtime_error {
  using std::runtime_error::runtime_error;
};
TROUPE_EXCEPTION(Last);
