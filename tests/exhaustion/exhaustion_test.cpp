// SPDX-License-Identifier: BSL-1.0
// What happens when there is no more: errors that name what is lacking and what to do, nobody else harmed, nothing
// half-started, and everything back afterwards. Each program is starved.cpp.
#include <gmock/gmock.h>

#include <string>

#include "tests/embedding/guest.hpp"

namespace troupe::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Outcome starve(const std::string& what, std::function<void()> prepare) {
  return run_guest({TROUPE_TEST_STARVED, {"starved", what}, std::move(prepare)});
}

class OutOf : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Both, OutOf, ::testing::Values("fork", "exec"), [](const auto& method) { return method.param; });

TEST_P(OutOf, HandlesInTheClientIsAStartErrorThatSaysSo) {
  const Outcome outcome = starve(GetParam(), [] { limit(RLIMIT_NOFILE, 80, 1000); });
  EXPECT_TRUE(outcome.is_good()) << outcome;
  EXPECT_THAT(outcome.report, HasSubstr("this process"));
  EXPECT_THAT(outcome.report, HasSubstr("RLIMIT_NOFILE, as with ulimit -n"));
}

// The client needs more of them for each actor than the manager, but that has some of its own.
TEST_P(OutOf, HandlesAnywhereIsAStartErrorThatSaysSo) {
  for (rlim_t handles = 12; handles < 60; handles += 3) {
    const Outcome outcome = starve(GetParam(), [=] { limit(RLIMIT_NOFILE, handles); });
    EXPECT_TRUE(outcome.is_good()) << handles << " handles: " << outcome;
    EXPECT_THAT(outcome.report, HasSubstr("RLIMIT_NOFILE")) << handles << " handles";
  }
}

// Each number of processes and threads runs out somewhere else: in the client, the manager, the zygote, the host.
TEST_P(OutOf, ProcessesIsAStartErrorThatSaysSo) {
  for (rlim_t processes = 1; processes < 20; ++processes) {
    const Outcome outcome = starve(GetParam(), [=] {
      become_nobody();
      limit(RLIMIT_NPROC, processes);
    });
    EXPECT_TRUE(outcome.is_good()) << processes << " processes: " << outcome;
    EXPECT_THAT(outcome.report, HasSubstr("RLIMIT_NPROC")) << processes << " processes";
  }
}

TEST(OutOfHandles, AnActorRefusesAnotherClientAndServesItsFirst) {
  const Outcome outcome = starve("visit", [] { limit(RLIMIT_NOFILE, 64, 1000); });
  EXPECT_TRUE(outcome.is_good()) << outcome;
  EXPECT_THAT(outcome.report, HasSubstr("the actor's process can hold no more open files"));
}

TEST(OutOfFileSize, IsAStartErrorThatSaysSo) {
  const Outcome outcome = starve("few", [] { limit(RLIMIT_FSIZE, 1024); });
  EXPECT_TRUE(outcome.is_good()) << outcome;
  EXPECT_THAT(outcome.report, HasSubstr("RLIMIT_FSIZE"));
}

TEST(OutOfMemory, ForALargeMailboxIsAStartErrorWithItsSize) {
  const Outcome outcome = starve("large", [] { limit(RLIMIT_FSIZE, 512 << 20); });
  EXPECT_TRUE(outcome.is_good()) << outcome;
  EXPECT_THAT(outcome.report, HasSubstr("shared memory for the requests of a channel (1073741"));
}

// Whoever it hits: a StartError, or memory enough.
TEST(OutOfAddressSpace, NobodyCrashes) {
  for (const rlim_t megabytes : {24, 32, 48, 64, 96, 128, 192, 256}) {
    const Outcome outcome = starve("few", [=] { limit(RLIMIT_AS, megabytes << 20); });
    EXPECT_TRUE(outcome.is_good()) << megabytes << " MiB: " << outcome;
  }
}

}  // namespace
}  // namespace troupe::test
