// SPDX-License-Identifier: BSL-1.0
// expect: troupe: TROUPE_EXCEPTION needs a constructor from std::string
// expect: add one, or leave the class out
#include <stdexcept>
#include <string>
#include <troupe/troupe.hpp>

struct Coded : std::runtime_error {
  explicit Coded(int code) : std::runtime_error(std::to_string(code)) {}
};
TROUPE_EXCEPTION(Coded);
