// SPDX-License-Identifier: BSL-1.0
// A shared library with a symbol that nobody has.
extern "C" int troupe_test_defined_nowhere();
extern "C" int troupe_test_calls_it() { return troupe_test_defined_nowhere(); }
