// SPDX-License-Identifier: BSL-1.0
// Three programs in one: `serve NAME` is a named manager, `client NAME TASK…` a client of it; else the tests.
#include <gtest/gtest.h>
#include <troupe/guard.hpp>

#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include "manager/named.hpp"
#include "tasks.hpp"

namespace {

void say(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

int serve(const std::string& name) try {
  return troupe::manager::serve({.name = name, .on_ready = [] { say("ready"); }});
} catch (const std::exception& error) {
  say(error.what());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  troupe::main_guard(argc, argv);
  const std::string_view mode = argc > 2 ? argv[1] : "";
  if (mode == "serve") return serve(argv[2]);
  if (mode == "client") return troupe::test::be_client(argv[2], {argv + 3, argv + argc});
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
