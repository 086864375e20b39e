// SPDX-License-Identifier: BSL-1.0
// Programs that troupe is not alone in: each is tried with the smoke part of what troupe does (smoke.cpp).
#include "tests/embedding/guest.hpp"

#include <csignal>
#include <cstdlib>

namespace troupe::test {
namespace {

namespace fs = std::filesystem;

Outcome run_smoke(
    const std::string& deed, std::function<void()> prepare = [] {}) {
  return run_guest({TROUPE_TEST_SMOKE, {"smoke"}, [&] {
                      ::setenv("TROUPE_TEST_DEED", deed.c_str(), 1);
                      prepare();
                    }});
}

class Embedding : public ::testing::TestWithParam<const char*> {};

TEST_P(Embedding, IsServed) {
  const Outcome outcome = run_smoke(GetParam());
  EXPECT_TRUE(outcome.is_good()) << outcome;
}

INSTANTIATE_TEST_SUITE_P(InAProgramThat, Embedding,
                         ::testing::Values("Nothing", "IgnoresChildren", "WantsNoZombies", "HandlesChildren",
                                           "ClosesStandardHandles", "IsNowhere", "BlocksAllSignals", "MakesPrivateFiles",
                                           "CountsOddly", "LosesItsOutput", "LeavesItsTerminal", "HasNoEnvironment",
                                           "EmptiesItsEnvironment", "IgnoresBrokenPipes", "Forks"),
                         [](const auto& deed) { return deed.param; });

struct Surrounding {
  const char* name;
  void (*prepare)();

  friend void PrintTo(const Surrounding& surrounding, std::ostream* out) { *out << surrounding.name; }
};

class StartedWith : public ::testing::TestWithParam<Surrounding> {};

TEST_P(StartedWith, IsServed) {
  const Outcome outcome = run_smoke("", GetParam().prepare);
  EXPECT_TRUE(outcome.is_good()) << outcome;
}

void ignore_everything() {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_IGN);
}
void block_everything() {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
}
void hide_from_home() {
  ::setenv("HOME", "/no/such/home", 1);
  ::setenv("TMPDIR", "/no/such/folder", 1);
}

INSTANTIATE_TEST_SUITE_P(AProgram, StartedWith,
                         ::testing::Values(Surrounding{"AllSignalsIgnored", ignore_everything},
                                           Surrounding{"AllSignalsBlocked", block_everything},
                                           Surrounding{"NoHome", hide_from_home},
                                           Surrounding{"ASmallStack", [] { limit(RLIMIT_STACK, 256 * 1024); }},
                                           Surrounding{"AnEndlessStack", [] { limit(RLIMIT_STACK, RLIM_INFINITY); }},
                                           Surrounding{"NoCores", [] { limit(RLIMIT_CORE, 0); }},
                                           Surrounding{"SmallFiles", [] { limit(RLIMIT_FSIZE, 512 * 1024); }},
                                           Surrounding{"AnotherUser", become_nobody}),
                         [](const auto& surrounding) { return surrounding.param.name; });

TEST(OddFile, WithSpacesInItsPathIsServed) {
  const TemporaryFolder folder;
  const fs::path program = folder.path() / "a program; with 'odd' letters";
  fs::copy_file(TROUPE_TEST_SMOKE, program);
  const Outcome outcome = run_guest({program.string(), {"smoke"}});
  EXPECT_TRUE(outcome.is_good()) << outcome;
}

TEST(OddName, IsServed) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{""}, {"/no/such/file"}, {"-x"}, {}}) {
    const Outcome outcome = run_guest({TROUPE_TEST_SMOKE, arguments});
    EXPECT_TRUE(outcome.is_good()) << outcome;
  }
}

TEST(ReplacedMalloc, IsServed) {
  const Outcome outcome = run_smoke("", [] { ::setenv("LD_PRELOAD", TROUPE_TEST_MALLOC, 1); });
  EXPECT_TRUE(outcome.is_good()) << outcome;
}

}  // namespace
}  // namespace troupe::test
