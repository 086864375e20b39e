// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_pool.hpp>
#include <troupe/pool.hpp>
#include <troupe/then.hpp>
#include <troupe/troupe.hpp>

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

// Everything that may go wrong with one task of a pool, in each place: its worker crashes, leaves, or throws, where the argument
// is decoded, in the function, where the result is encoded; and in the program itself, where the argument is encoded and the
// result decoded. Whatever it is, that task fails, and no other does.
namespace troupe::test {

enum class FusePlace : int { argument_encode, argument_decode, run, result_encode, result_decode };
enum class FuseHarm : int { crash, exit, quick_exit, error };

inline const pid_t program = ::getpid();
inline bool is_in_worker() { return ::getpid() != program; }

inline void come_to(FuseHarm harm) {
  switch (harm) {
    case FuseHarm::crash:
      ::raise(SIGSEGV);
      return;
    case FuseHarm::exit:
      std::exit(3);
    case FuseHarm::quick_exit:
      ::_exit(3);
    case FuseHarm::error:
      throw std::range_error("this is how it fails");
  }
}

// Comes to harm in one place of the way that it goes, as an argument and as a result.
struct Fuse {
  FusePlace place = FusePlace::run;
  FuseHarm harm = FuseHarm::error;

  bool kills() const { return harm != FuseHarm::error; }
  // As in CrashAtRun.
  std::string name() const {
    constexpr const char* kPlaces[] = {"ArgumentEncode", "ArgumentDecode", "Run", "ResultEncode", "ResultDecode"};
    constexpr const char* kHarms[] = {"Crash", "Exit", "QuickExit", "Error"};
    return std::string(kHarms[static_cast<int>(harm)]) + "At" + kPlaces[static_cast<int>(place)];
  }

  template <class Archive>
  void save(Archive& archive) const {
    if (place == (is_in_worker() ? FusePlace::result_encode : FusePlace::argument_encode)) come_to(harm);
    archive(place, harm);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(place, harm);
    if (place == (is_in_worker() ? FusePlace::argument_decode : FusePlace::result_decode)) come_to(harm);
  }
};

// Where the program itself is, harm would end the program: there are only errors.
inline std::vector<Fuse> all_fuses() {
  std::vector<Fuse> fuses;
  for (const FusePlace place : {FusePlace::argument_decode, FusePlace::run, FusePlace::result_encode}) {
    for (const FuseHarm harm : {FuseHarm::crash, FuseHarm::exit, FuseHarm::quick_exit, FuseHarm::error})
      fuses.push_back({place, harm});
  }
  fuses.push_back({FusePlace::argument_encode, FuseHarm::error});
  fuses.push_back({FusePlace::result_decode, FuseHarm::error});
  return fuses;
}

inline Fuse burn(Fuse fuse) {
  if (fuse.place == FusePlace::run) come_to(fuse.harm);
  return fuse;
}
inline int square(int number) { return number * number; }

// Two workers of a Pool.
class TwoWorkers {
 public:
  using Died = WorkerDiedError;
  static constexpr const char* kName = "Pool";

  explicit TwoWorkers(Runtime& runtime) : pool_(runtime, {.processes = 2}) {}
  AsyncResult<Fuse> burn(Fuse fuse) { return pool_.apply_async<&test::burn>(fuse); }
  AsyncResult<int> square(int number) { return pool_.apply_async<&test::square>(number); }

 private:
  Pool pool_;
};

class Burner {
 public:
  Fuse burn(Fuse fuse) { return test::burn(fuse); }
  int square(int number) { return test::square(number); }
};

// Two members of an ActorPool.
class TwoMembers {
 public:
  using Died = ActorDied;
  static constexpr const char* kName = "ActorPool";

  explicit TwoMembers(Runtime& runtime) : pool_(runtime, {.size = 2}) {}
  AsyncResult<Fuse> burn(Fuse fuse) { return pool_.call<&Burner::burn>(fuse); }
  AsyncResult<int> square(int number) { return pool_.call<&Burner::square>(number); }

 private:
  ActorPool<Burner> pool_;
};

// By a thread of the program, or by a callback, in a thread of the runtime's.
template <class Two>
AsyncResult<Fuse> burn(Two& pool, Fuse fuse, bool from_callback) {
  if (!from_callback) return pool.burn(fuse);
  return pool.square(1).then([&pool, fuse](int) { return pool.burn(fuse); });
}

}  // namespace troupe::test
