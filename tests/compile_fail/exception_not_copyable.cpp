// SPDX-License-Identifier: BSL-1.0
// expect: troupe: TROUPE_EXCEPTION needs a copyable class
// expect: hold what cannot be copied in a std::shared_ptr
#include <stdexcept>
#include <string>
#include <troupe/troupe.hpp>

struct Pinned : std::runtime_error {
  using std::runtime_error::runtime_error;
  Pinned(const Pinned&) = delete;
};
TROUPE_EXCEPTION(Pinned);
