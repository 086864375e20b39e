// SPDX-License-Identifier: BSL-1.0
// A library that is no module.
extern "C" int troupe_test_answer() { return 42; }
