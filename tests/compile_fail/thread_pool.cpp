// SPDX-License-Identifier: BSL-1.0
// What a pool of processes must not take, and one of threads may: this compiles.
#include <memory>
#include <troupe/troupe.hpp>
#include <vector>

void use(troupe::ThreadPool& pool, int& counter) {
  pool.map([&counter](int number) { return &counter + number; }, std::vector<int>{1, 2});
  pool.apply([](int& count, std::unique_ptr<int> by) { count += *by; }, std::ref(counter), std::make_unique<int>(2));
}
