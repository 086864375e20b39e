// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <troupe/death.hpp>

namespace troupe::detail {
namespace {

std::string shown(const std::string& backtrace, const std::string& method = {}) {
  DeathCause cause;
  cause.backtrace = backtrace;
  cause.method = method;
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

// Names in which others begin, or end, alike; and what a template's name begins with, that is what it returns.
TEST(BacktraceOfADeath, TakesNothingOfTheUsersForTheRuntimes) {
  for (const std::string users :
       {"mystd::W::die()", "std_like::die()", "my::std::die()", "my::troupe::host::die()", "troupe::hosts::die()",
        "troupe::details::die()", "(anonymous namespace)::die()", "std::string mystd::die<int>(int)",
        "std::vector<int, std::allocator<int> > die<std::less<int> >(std::less<int>)", "decltype(auto) W::die<int>(int)",
        "W::operator()(std::string const&)", "W::operator std::string() const",
        "die(std::string)::{lambda(int)#1}::operator()(int) const", "virtual thunk to W::die()", "die"}) {
    const std::string trace = "#0   " + users + " at w.cpp:3";
    EXPECT_EQ(shown(trace + "\n#1   void std::invoke<int>(int) at functional:9\n#2   troupe::host::Turn::call()"), trace);
  }
}

TEST(BacktraceOfADeath, LeavesOutWhatIsStdsAndTheRuntimes) {
  for (const std::string between : {"std::invoke<int>(int)", "int std::__invoke_impl<int, W>(W)",
                                    "std::function<void ()>::operator()() const", "std::string troupe::detail::call<W>(W)",
                                    "troupe::detail::MethodKey<&W::die>::thunk(void*)::{lambda()#1}::operator()() const",
                                    "_ZStlsSt", "_ZN6troupe6detail3KeyE"}) {
    EXPECT_EQ(shown("#0   die() at w.cpp:3\n#1   " + between + " at x:9\n#2   troupe::host::Turn::call() at x:9"),
              "#0   die() at w.cpp:3");
  }
}

// Debug information has no more of their names where the user's class is in an anonymous namespace.
TEST(BacktraceOfADeath, LeavesOutWhatLiesInTheFilesOfStdAndTheRuntime) {
  EXPECT_EQ(shown("#0   die at w.cpp:3\n#1   operator()<> at ../include/troupe/detail/method.hpp:99\n#2   __invoke_impl<void, "
                  "troupe::detail::serve<W> > at /usr/include/c++/12/bits/invoke.h:61\n#3   call<> at "
                  "/usr/include/troupe/detail/method.hpp:131\n#4   troupe::host::Turn::call() at x:9"),
            "#0   die at w.cpp:3");
}

// Without debug information nothing tells a function from those that were inlined into it.
TEST(BacktraceOfADeath, ShowsTheCallAsTheMethodThatWasInlinedIntoIt) {
  const std::string call = "troupe::detail::MethodKey<&W::die>::thunk(void*) in /home/w/program+0x1230";
  const std::string above = "\n#9   troupe::host::Turn::call() in /home/w/program+0x4560\n#10  main in /home/w/program+0x7890";
  EXPECT_EQ(shown("#0   " + call + above, "W::die"), "#0   W::die (in its call) in /home/w/program+0x1230");
  EXPECT_EQ(
      shown("#0   strlen in /lib/libc.so.6+0x10\n#1   std::size(int) in /home/w/program+0x1\n#2   " + call + above, "W::die"),
      "#0   strlen in /lib/libc.so.6+0x10\n#1   std::size(int) in /home/w/program+0x1\n#2   W::die (in its call) in "
      "/home/w/program+0x1230");
  EXPECT_EQ(shown("#0   strlen in /lib/libc.so.6+0x10\n#1   " + call + above),
            "#0   strlen in /lib/libc.so.6+0x10\n#1   " + call);
}

TEST(BacktraceOfADeath, ShowsNoCallWhereAFunctionOfTheProgramIsLeft) {
  const std::string above =
      "\n#2   troupe::detail::MethodKey<&W::die>::thunk(void*) in /home/w/program+0x1\n#3   troupe::host::Turn::call()";
  for (const std::string left : {"#0   raise in /lib/libc.so.6+0x10\n#1   W::die() in /home/w/program+0x2",
                                 "#0   raise in /lib/libc.so.6+0x10\n#1   W::die() at w.cpp:3"})
    EXPECT_EQ(shown(left + above, "W::die"), left);
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
