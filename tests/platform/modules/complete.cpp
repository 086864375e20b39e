// SPDX-License-Identifier: BSL-1.0
// A shared library whose initialiser and function can be told from outside.
#include <cstdlib>

namespace {
const bool is_initialised = ::setenv("TROUPE_TEST_MODULE_INITIALISED", "yes", 1) == 0;
}

extern "C" bool troupe_test_module_is_initialised() { return is_initialised; }
