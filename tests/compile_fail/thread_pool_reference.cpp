// SPDX-License-Identifier: BSL-1.0
// expect: troupe: a pool of threads calls its function as std::async does
// expect: for a reference pass std::ref
#include <troupe/troupe.hpp>

void count(int& counter) { ++counter; }

void use(troupe::ThreadPool& pool, int counter) { pool.apply_async<&count>(counter); }
