// SPDX-License-Identifier: BSL-1.0
// expect: troupe: on_done takes a function that is called as f() or f(AsyncResult<T>)
// expect: take the result and get() its value
#include <memory>
#include <troupe/troupe.hpp>

void use(const troupe::AsyncResult<int>& result) {
  result.on_done([](const std::string&) {});
}
