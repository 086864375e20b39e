// SPDX-License-Identifier: BSL-1.0
// A client that is another build than the test program: arguments as there, but for the mode.
#include <troupe/troupe.hpp>

#include "tasks.hpp"

namespace {

int unlike_the_other() { return 7; }

}  // namespace

int main(int argc, char** argv) {
  troupe::main_guard(argc, argv);
  (void)troupe::fn<&unlike_the_other>;
  return argc < 2 ? 2 : troupe::test::be_client(argv[1], {argv + 2, argv + argc});
}
