// SPDX-License-Identifier: BSL-1.0
// Its zygote cannot be bound early, and then is started again as the program itself was.
#include <troupe/troupe.hpp>

#include <fmt/core.h>

int answer(bool asks_nobody);

struct Oracle {
  int ask(bool nobody) { return answer(nobody); }
};

int main(int argc, char** argv) {
  troupe::Runtime runtime{argc, argv};
  const auto oracle = runtime.spawn<Oracle>();
  const int found = oracle.call<&Oracle::ask>(true).get();
  fmt::print("{}\n", found);
  return found == 42 ? 0 : 1;
}
