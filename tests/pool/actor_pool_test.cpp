// SPDX-License-Identifier: BSL-1.0
#include <sys/wait.h>

#include <numeric>
#include <set>

#include "workers.hpp"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

class ActorPools : public PoolFixture {};
TROUPE_FOR_BOTH_START_METHODS(ActorPools);

TEST_P(ActorPools, U23_FiveCallsOnFourActors) {
  const ActorPool<Worker> pool(runtime(), options(4));
  std::vector<AsyncResult<int>> results;
  for (int i = 0; i < 5; ++i) results.push_back(pool.call<&Worker::pid>());
  const std::vector<int> pids = gather(results).get();
  EXPECT_EQ(pids[0], pids[4]);
  EXPECT_EQ(std::set<int>(pids.begin(), pids.end()).size(), 4U);
}

TEST_P(ActorPools, U23_BroadcastRunsOnEveryActorInPoolOrder) {
  const ActorPool<Worker> pool(runtime(), options(3));
  EXPECT_THAT(pool.broadcast<&Worker::pid>().get(), ElementsAreArray(pids(pool)));
}

TEST_P(ActorPools, U23_BroadcastOfAVoidMethodSaysThatAllHaveSucceeded) {
  const ActorPool<Worker> pool(runtime(), options(3));
  pool.broadcast<&Worker::note>(missing_file()).get();
  std::ifstream file(missing_file());
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(text, "noted\nnoted\nnoted\n");
}

TEST_P(ActorPools, ABroadcastsFirstErrorIsItsOutcome) {
  const ActorPool<Worker> pool(runtime(), options(2));
  EXPECT_THROW(pool.broadcast<&Worker::fail>(3).get(), std::out_of_range);
}

// The third that is made, of those with one folder.
class ThirdFails {
 public:
  explicit ThirdFails(const std::string& folder) {
    for (int i = 0; !std::filesystem::create_directory(folder + "/" + std::to_string(i)); ++i) continue;
    if (std::filesystem::exists(folder + "/2")) throw std::domain_error("I am the third");
  }
  int pid() const { return ::getpid(); }
};

TEST_P(ActorPools, U23_OneConstructorThatFailsTearsDownAll) {
  const TemporaryFolder folder;
  EXPECT_THAT(([&] { ActorPool<ThirdFails>(runtime(), options(4), folder.path().string()); }),
              ThrowsMessage<std::domain_error>("I am the third"));
  EXPECT_THAT(runtime().actors(), IsEmpty());
}

// Whose constructor waits until so many have come that far.
class Meeting {
 public:
  Meeting(const std::string& folder, std::ptrdiff_t count) {
    std::filesystem::create_directory(folder + "/" + std::to_string(::getpid()));
    const auto present = [&] { return std::distance(std::filesystem::directory_iterator(folder), {}); };
    until([&] { return present() == count; });
  }
  int pid() const { return ::getpid(); }
};

TEST_P(ActorPools, MembersComeUpSideBySide) {
  const TemporaryFolder folder;
  const ActorPool<Meeting> pool(runtime(), options(3), folder.path().string(), 3);
  EXPECT_EQ(pool.broadcast<&Meeting::pid>().get(), pids(pool));
}

TEST_P(ActorPools, ASizeBelowOneIsRefusedByName) {
  EXPECT_THAT([&] { ActorPool<Worker>(runtime(), options(0)); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("ActorPoolOptions::size is 0")));
  EXPECT_THAT([&] { ActorPool<Worker>(runtime(), options(-3)); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("ActorPoolOptions::size is -3")));
}

TEST_P(ActorPools, OptionsThatCannotBeMeantAreRefusedByName) {
  const auto expect_refused = [&](const char* field, auto change) {
    ActorPoolOptions bad = options(1);
    change(bad);
    EXPECT_THAT([&] { ActorPool<Worker>(runtime(), bad); },
                ThrowsMessage<std::invalid_argument>(HasSubstr(std::string("ActorPoolOptions::") + field)));
  };
  expect_refused("routing is 9", [](auto& bad) { bad.routing = static_cast<Routing>(9); });
  expect_refused("calls_in_flight is 0", [](auto& bad) { bad.calls_in_flight = 0; });
  expect_refused("breaker.open_for", [](auto& bad) { bad.breaker.open_for = Timeout(); });
  expect_refused("backoff.first must have an end", [](auto& bad) { bad.backoff = {.first = Timeout(), .most = Timeout()}; });
  expect_refused("backoff.first must not be longer", [](auto& bad) { bad.backoff.first = std::chrono::hours(1); });
}

TEST_P(ActorPools, BadSpawnOptionsAreRefusedByName) {
  ActorPoolOptions bad = options(2);
  bad.spawn.concurrency = 3;
  EXPECT_THAT([&] { ActorPool<Worker>(runtime(), bad); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("SpawnOptions::concurrency")));
}

TEST_P(ActorPools, HasAMemberPerProcessorUnlessTold) {
  ActorPoolOptions unsaid = options(1);
  unsaid.size.reset();
  const ActorPool<Worker> pool(runtime(), unsaid);
  EXPECT_GE(pool.size(), 1U);
  EXPECT_LE(pool.size(), std::thread::hardware_concurrency());
  EXPECT_EQ(pool.members().size(), pool.size());
}

TEST_P(ActorPools, MapKeepsTheOrder) {
  const ActorPool<Worker> pool(runtime(), options(3));
  std::vector<int> numbers(1000);
  std::iota(numbers.begin(), numbers.end(), 0);
  std::vector<int> squares;
  for (const int each : numbers) squares.push_back(each * each);
  EXPECT_EQ(pool.map<&Worker::square>(numbers), squares);
  EXPECT_THAT(pool.map<&Worker::square>(std::vector<int>()), IsEmpty());
}

TEST_P(ActorPools, MapIsSpreadOverAll) {
  ActorPool<Worker> pool(runtime(), options(3));
  const std::vector<int> by = pool.map<&Worker::pid_and>(std::vector<std::string>(30, "x"));
  EXPECT_EQ(std::set<int>(by.begin(), by.end()).size(), 3U);
}

TEST_P(ActorPools, MapThrowsWhatACallFailsWith) {
  const ActorPool<Worker> pool(runtime(), options(2));
  EXPECT_THROW(pool.map<&Worker::fail>(std::vector<int>{1, 2, 3}), std::out_of_range);
  EXPECT_EQ(pool.call<&Worker::square>(5).get(), 25);
}

TEST_P(ActorPools, MapOfAVoidMethodGivesNothing) {
  const ActorPool<Worker> pool(runtime(), options(2));
  pool.map<&Worker::note>(std::vector<std::string>(5, missing_file()));
  EXPECT_EQ(std::filesystem::file_size(missing_file()), 5 * 6U);
}

TEST_P(ActorPools, ExceptionsOfMethodsArriveAsThemselves) {
  const ActorPool<Worker> pool(runtime(), options(2));
  EXPECT_THAT([&] { pool.call<&Worker::fail>(7).get(); }, ThrowsMessage<std::out_of_range>("no 7"));
}

TEST_P(ActorPools, TellsEachInTurn) {
  const ActorPool<Worker> pool(runtime(), options(2));
  for (int i = 0; i < 6; ++i) pool.tell<&Worker::count>();
  EXPECT_THAT(pool.broadcast<&Worker::counted>().get(), ElementsAre(3, 3));
}

TEST_P(ActorPools, CallsHaveTheirOptions) {
  const ActorPool<Worker> pool(runtime(), options(1));
  Gate gate;
  const auto held = pool.call<&Worker::hold>(gate.path());
  const auto late = pool.with({.deadline = std::chrono::milliseconds(20)}).call<&Worker::pid>();
  EXPECT_EQ(verdict<TimeoutError>(late), Execution::not_started);
  EXPECT_THROW((void)pool.with({.retries = 2}), std::invalid_argument);
  gate.open();
  held.get();
}

TEST_P(ActorPools, NamesEndInThePlaceInThePool) {
  ActorPoolOptions named = options(2);
  named.spawn.name = "worker";
  const ActorPool<Worker> pool(runtime(), named);
  EXPECT_EQ(pool.members()[0].name(), "worker-0");
  EXPECT_EQ(pool.members()[1].name(), "worker-1");
  EXPECT_EQ(runtime().lookup<Worker>("worker-1").pid(), pids(pool)[1]);
}

// Answers from threads of its own.
class Deferring {
 public:
  ~Deferring() {
    for (auto& each : threads_) each.join();
  }
  AsyncResult<int> pid() {
    auto promise = std::make_shared<Promise<int>>();
    threads_.emplace_back([promise] { promise->set_value(::getpid()); });
    return promise->result();
  }

 private:
  std::vector<std::thread> threads_;
};

// Gives a result away that one of its threads has yet to make, as often as it is asked for it.
class Lender {
 public:
  ~Lender() {
    for (auto& each : threads_) each.join();
  }
  void begin(const std::string& gate) {
    threads_.emplace_back([this, gate] {
      wait_at(gate);
      promise_.set_value(::getpid());
    });
  }
  AsyncResult<int> result() const { return promise_.result(); }
  static constexpr bool reentrant = true;

 private:
  Promise<int> promise_;
  std::vector<std::thread> threads_;
};

// Waits for another actor's result, in a process of its own.
class Borrower {
 public:
  AsyncResult<int> ask(const Proxy<Lender>& lender) const { return lender.call<&Lender::result>(); }
};

TEST_P(ActorPools, U22_SeveralClientsWaitForOneResultOfAnActorsThread) {
  const ActorPool<Lender> pool(runtime(), options(1));
  const auto borrower = runtime().spawn<Borrower>();
  Gate gate;
  pool.call<&Lender::begin>(gate.path()).get();
  const auto own = pool.call<&Lender::result>();
  const auto again = pool.call<&Lender::result>();
  const auto others = borrower.call<&Borrower::ask>(pool.members()[0]);
  gate.wait_reached();
  EXPECT_FALSE(own.wait(std::chrono::milliseconds(1)));
  EXPECT_FALSE(others.ready());
  EXPECT_THROW((void)own.successful(), ResultNotReady);
  gate.let_go();
  EXPECT_EQ(own.get(), pids(pool)[0]);
  EXPECT_EQ(again.get(), own.get());
  EXPECT_EQ(others.get(), own.get());
  EXPECT_TRUE(own.successful());
}

TEST_P(ActorPools, U24_ResultsOfTheActorsOwnThreads) {
  const ActorPool<Deferring> pool(runtime(), options(4));
  std::vector<AsyncResult<int>> results;
  for (int i = 0; i < 5; ++i) results.push_back(pool.call<&Deferring::pid>());
  const std::vector<int> pids = gather(results).get();
  EXPECT_EQ(pids[0], pids[4]);
  EXPECT_EQ(std::set<int>(pids.begin(), pids.end()).size(), 4U);
}

TEST_P(ActorPools, CallbacksMayCallAndWait) {
  const ActorPool<Worker> pool(runtime(), options(2));
  Promise<int> seen;
  pool.call<&Worker::square>(3).on_done(
      [&](AsyncResult<int> first) { seen.set_value(pool.call<&Worker::square>(first.get()).get()); });
  EXPECT_EQ(seen.result().get(), 81);
}

TEST_P(ActorPools, AnyThreadsMayCall) {
  const ActorPool<Worker> pool(runtime(), options(3, Routing::least_loaded));
  std::vector<std::thread> threads;
  std::atomic<int> sum{0};
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 250; ++i) sum += pool.call<&Worker::square>(2).get();
    });
  }
  for (auto& each : threads) each.join();
  EXPECT_EQ(sum, 4000);
}

TEST_P(ActorPools, TheDestructorLetsMembersFinish) {
  Gate gate;
  AsyncResult<void> held;
  AsyncResult<int> behind;
  std::thread opener;
  {
    const ActorPool<Worker> pool(runtime(), options(1));
    held = pool.call<&Worker::hold>(gate.path());
    behind = pool.call<&Worker::square>(4);
    gate.wait_reached();
    opener = std::thread([&] { gate.let_go(); });
  }
  opener.join();
  EXPECT_NO_THROW(held.get());
  EXPECT_EQ(behind.get(), 16);
  EXPECT_THAT(runtime().actors(), IsEmpty());
}

TEST_P(ActorPools, RoutesThatOutliveThePoolFail) {
  std::optional<ActorPool<Worker>> pool;
  pool.emplace(runtime(), options(2));
  const auto route = pool->by_key(5);
  pool.reset();
  EXPECT_THROW(route.call<&Worker::pid>().get(), PoolTerminated);
}

TEST_P(ActorPools, AForkedChildMayNotUseIt) {
  const ActorPool<Worker> pool(runtime(), options(2));
  const int child = ::fork();
  if (child == 0) {
    try {
      pool.call<&Worker::pid>();
    } catch (const std::logic_error&) {
      ::_exit(7);
    }
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
}

TEST_P(ActorPools, SurvivesTheEndOfItsRuntime) {
  const ActorPool<Worker> pool(runtime(), options(2));
  runtime().shutdown();
  EXPECT_THROW(pool.call<&Worker::pid>().get(), Error);
}

}  // namespace
}  // namespace troupe::test
