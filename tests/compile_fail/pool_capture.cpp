// SPDX-License-Identifier: BSL-1.0
// first: troupe: a pool takes a function as in map<&f>(
// expect: troupe: a pool takes a function as in map<&f>(…), or a lambda without captures
#include <troupe/troupe.hpp>
#include <vector>

void use(troupe::Pool& pool, int n) {
  pool.map([n](int number) { return n + number; }, std::vector<int>{1, 2});
}
