// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <troupe/death.hpp>

namespace troupe {
namespace {

using testing::HasSubstr;

TEST(DeathCause, NamesTheSignalTheAddressAndTheMethod) {
  const DeathCause cause{.kind = DeathKind::signal, .signal = 11, .fault_address = 0x10, .method = "Counter::add"};
  EXPECT_EQ(cause.text(), "killed by signal 11 (SIGSEGV) at address 0x10 while Counter::add ran");
}

TEST(DeathCause, TellsANullPointerFromNoAddress) {
  const DeathCause fault{.kind = DeathKind::signal, .signal = 11, .has_fault_address = true};
  EXPECT_EQ(fault.text(), "killed by signal 11 (SIGSEGV) at address 0 (a null pointer)");
  EXPECT_EQ((DeathCause{.kind = DeathKind::signal, .signal = 11}.text()), "killed by signal 11 (SIGSEGV)");
}

TEST(DeathCause, NamesTheExitCode) {
  EXPECT_EQ((DeathCause{.kind = DeathKind::exit_code, .exit_code = 7}.text()), "exited with code 7");
}

TEST(DeathCause, SaysWhenNothingIsKnownYet) { EXPECT_EQ(DeathCause().text(), "how it ended has not been reported yet"); }

TEST(DeathCause, SaysWhichLifeItWas) {
  EXPECT_THAT((DeathCause{.kind = DeathKind::stopped, .incarnation = 3}.text()), HasSubstr("in its life number 3"));
}

TEST(DeathCause, SaysForHowLongTheMethodHadRun) {
  DeathCause cause{.kind = DeathKind::exit_code, .method = "Parser::parse", .method_time = std::chrono::milliseconds(2345)};
  EXPECT_EQ(cause.text(), "exited with code 0 while Parser::parse ran, for 2.3 s");
  cause.method_time = std::chrono::milliseconds(12);
  EXPECT_THAT(cause.text(), HasSubstr("ran, for 12 ms"));
  cause.method_time = {};
  EXPECT_EQ(cause.text(), "exited with code 0 while Parser::parse ran");
}

TEST(DeathCause, NamesTheCoreFile) {
  EXPECT_THAT((DeathCause{.kind = DeathKind::signal, .signal = 11, .core_path = "/tmp/core.5"}.text()),
              HasSubstr("; its core file is /tmp/core.5"));
}

TEST(DeathCause, ShowsBacktraceAndLastLines) {
  const DeathCause cause{.kind = DeathKind::signal, .signal = 6, .backtrace = "#0 abort", .stderr_tail = {"oh", "no"}};
  EXPECT_THAT(cause.text(), HasSubstr("\nbacktrace:\n#0 abort"));
  EXPECT_THAT(cause.text(), HasSubstr("\nlast lines of its stderr:\n  | oh\n  | no"));
}

TEST(DeathCause, ShowsWhatTheProcessHadUsed) {
  const DeathCause cause{.kind = DeathKind::stopped, .resource_usage = {1'500'000, 500'000, 3 * 1024 * 1024}};
  EXPECT_THAT(cause.text(), HasSubstr("2.00 s of processor time (0.50 s in the system) and at most 3.0 MiB of memory"));
}

TEST(DeathCause, HasATextForEachKind) {
  for (int kind = 0; kind <= static_cast<int>(DeathKind::hung); ++kind) {
    EXPECT_THAT((DeathCause{.kind = static_cast<DeathKind>(kind)}.text()), testing::Not(testing::IsEmpty()));
  }
}

}  // namespace
}  // namespace troupe
