// SPDX-License-Identifier: BSL-1.0
// In place of GoogleTest's main: the processes that a test's Runtime starts are this program again, and the guard turns them into
// what they are to be.
#include <troupe/testing.hpp>

int main(int argc, char** argv) { return troupe::testing::run_all_tests(argc, argv); }
