// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <troupe/death.hpp>

namespace troupe::detail {
namespace {

std::string shown(const std::string& backtrace) {
  DeathCause cause;
  cause.backtrace = backtrace;
  return with_symbols(cause).backtrace;
}

TEST(BacktraceOfADeath, EndsWhereTheRuntimeCallsWhatTheUserHasWritten) {
  EXPECT_EQ(shown("#0  parse()\n#1  Parser::read()\n#2  std::invoke<int>()\n#3  troupe::host::Turn::call()\n#4  main"),
            "#0  parse()\n#1  Parser::read()");
  EXPECT_EQ(
      shown("#0  look()\n#1  std::function<void ()>::operator()()\n#2  troupe::client::run_reporting(char const*)\n#3  main"),
      "#0  look()");
  EXPECT_EQ(shown("#0  look()\n#1  troupe::client::Session::ask()\n#2  Actor::ask()\n#3  troupe::host::Turn::call()"),
            "#0  look()\n#1  troupe::client::Session::ask()\n#2  Actor::ask()");
}

TEST(BacktraceOfADeath, ShowsARecursionOnce) {
  const std::string once = "#8  push()\n#9  recurse()\n    and 2 more of these\n#12 begin()\n#13 end()\n    and 1 more of these";
  EXPECT_EQ(shown("#8  push()\n#9  recurse()\n#10 recurse()\n#11 recurse()\n#12 begin()\n#13 end()\n#14 end()"), once);
  EXPECT_EQ(shown(once), once);
}

TEST(CoreOfADeath, IsLookedForByWhoReadsTheReportAndOnce) {
  DeathCause cause;
  cause.core = {.pid = 4711, .signal = 11, .directory = "/there is no such directory"};
  const DeathCause seen = with_symbols(cause);
  EXPECT_EQ(seen.core_path, "");
  EXPECT_NE(seen.detail, "");
  EXPECT_EQ(seen.core.pid, 0);
  EXPECT_EQ(with_symbols(seen).detail, seen.detail);
}

}  // namespace
}  // namespace troupe::detail
