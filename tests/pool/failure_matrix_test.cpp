// SPDX-License-Identifier: BSL-1.0
// Everything that may go wrong with one task, in each place: its worker crashes, leaves, or throws, where the argument is
// decoded, in the function, where the result is encoded; and in the program itself, where the argument is encoded and the result
// decoded. Whatever it is, that task fails, and no other does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <troupe/pool.hpp>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

namespace troupe::test {
namespace {

enum class Place : int { argument_encode, argument_decode, run, result_encode, result_decode };
enum class Harm : int { crash, exit, quick_exit, error };

const pid_t program = ::getpid();
bool is_in_worker() { return ::getpid() != program; }

void come_to(Harm harm) {
  switch (harm) {
    case Harm::crash:
      ::raise(SIGSEGV);
      return;
    case Harm::exit:
      std::exit(3);
    case Harm::quick_exit:
      ::_exit(3);
    case Harm::error:
      throw std::range_error("this is how it fails");
  }
}

// Comes to harm in one place of the way that it goes, as an argument and as a result.
struct Fuse {
  Place place = Place::run;
  Harm harm = Harm::error;

  template <class Archive>
  void save(Archive& archive) const {
    if (place == (is_in_worker() ? Place::result_encode : Place::argument_encode)) come_to(harm);
    archive(place, harm);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(place, harm);
    if (place == (is_in_worker() ? Place::argument_decode : Place::result_decode)) come_to(harm);
  }
};

Fuse burn(Fuse fuse) {
  if (fuse.place == Place::run) come_to(fuse.harm);
  return fuse;
}
int square(int number) { return number * number; }

using Case = std::tuple<Place, Harm, bool>;

class PoolFailure : public testing::RuntimeTest, public ::testing::WithParamInterface<Case> {
 protected:
  AsyncResult<Fuse> submit() {
    const auto [place, harm, from_callback] = GetParam();
    const Fuse fuse{place, harm};
    if (!from_callback) return pool_.apply_async<&burn>(fuse);
    return pool_.apply_async<&square>(1).then([this, fuse](int) { return pool_.apply_async<&burn>(fuse); });
  }
  bool kills() const { return std::get<Harm>(GetParam()) != Harm::error; }

  Pool pool_{runtime(), {.processes = 2}};
};

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const bool from_callback : {false, true}) {
    for (const Place place : {Place::argument_decode, Place::run, Place::result_encode}) {
      for (const Harm harm : {Harm::crash, Harm::exit, Harm::quick_exit, Harm::error})
        cases.emplace_back(place, harm, from_callback);
    }
    cases.emplace_back(Place::argument_encode, Harm::error, from_callback);
    cases.emplace_back(Place::result_decode, Harm::error, from_callback);
  }
  return cases;
}

std::string name_of(const ::testing::TestParamInfo<Case>& each) {
  constexpr const char* kPlaces[] = {"ArgumentEncode", "ArgumentDecode", "Run", "ResultEncode", "ResultDecode"};
  constexpr const char* kHarms[] = {"Crash", "Exit", "QuickExit", "Error"};
  const auto [place, harm, from_callback] = each.param;
  return std::string(kHarms[static_cast<int>(harm)]) + "At" + kPlaces[static_cast<int>(place)] +
         (from_callback ? "FromACallback" : "");
}
INSTANTIATE_TEST_SUITE_P(Pool, PoolFailure, ::testing::ValuesIn(all_cases()), name_of);

TEST_P(PoolFailure, C36_FailsItsTaskAndNoOther) {
  std::vector<AsyncResult<int>> others;
  for (int number = 0; number < 50; ++number) others.push_back(pool_.apply_async<&square>(number));
  const AsyncResult<Fuse> failed = submit();
  for (int number = 50; number < 100; ++number) others.push_back(pool_.apply_async<&square>(number));
  if (kills()) {
    EXPECT_THROW(failed.get(), WorkerDiedError);
  } else {
    EXPECT_THROW(failed.get(), std::exception);
  }
  for (int number = 0; number < 100; ++number) EXPECT_EQ(others[static_cast<std::size_t>(number)].get(), number * number);
  EXPECT_EQ(pool_.apply<&square>(3), 9);
}

}  // namespace
}  // namespace troupe::test
