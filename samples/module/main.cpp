// SPDX-License-Identifier: BSL-1.0
// The program: it knows an interface, and where the module is.
#include <troupe/troupe.hpp>

#include <fmt/core.h>

#include "counter.hpp"

int main(int argc, char** argv) {
  troupe::Runtime runtime(argc, argv);
  if (argc != 2) {
    fmt::print(stderr, "usage: {} MODULE\n", argv[0]);
    return 2;
  }
  try {
    const auto counter = runtime.spawn<ICounter>({.module = argv[1]}, 10);
    counter.call<&ICounter::add>(5).get();
    fmt::print("the total is {}\n", counter.call<&ICounter::total>().get());
  } catch (const troupe::StartError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
