// SPDX-License-Identifier: BSL-1.0
// expect: troupe: AsyncResult holds a value
// expect: name the type without its reference
#include <memory>
#include <troupe/troupe.hpp>

troupe::AsyncResult<int&> result;
