// SPDX-License-Identifier: BSL-1.0
// first: troupe: a pool calls its function as f(args...)
// expect: troupe: a pool calls its function as f(args...)
#include <troupe/troupe.hpp>

int sum(int a, int b);

void use(troupe::Pool& pool) { pool.apply<&sum>(1); }
