// SPDX-License-Identifier: BSL-1.0
// expect: troupe: map calls its function as f(item)
// expect: not a lambda that is mutable
#include <troupe/troupe.hpp>
#include <vector>

void use(troupe::ThreadPool& pool) {
  pool.map([sum = 0](int number) mutable { return sum += number; }, std::vector<int>{1, 2});
}
