// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <troupe/detail/actor_thread.hpp>
#include <troupe/this_call.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/serving.hpp"
#include "tests/host/stage.hpp"

namespace troupe::detail {
namespace {

using ::testing::ElementsAre;

const RegistrationNode& noting() { return Registration<host::HandMadeKey<host::Recorder, &host::note>>::node(); }

class FunctionPart final : public CallPart {
 public:
  FunctionPart(std::shared_ptr<const OpenCall> call, std::function<void()> function)
      : CallPart(std::move(call)), function_(std::move(function)) {}
  void run(std::unique_ptr<CallPart>) override { function_(); }

 private:
  const std::function<void()> function_;
};

// Says what becomes of it.
class Log : public PartsContext {
 public:
  ~Log() override { notes->push_back("destroyed"); }
  void shut() noexcept override { notes->push_back("shut"); }

  std::vector<std::string>* notes = nullptr;
};

class ActorThreadTest : public ::testing::Test {
 protected:
  ActorThreadTest() { host::number_own_nodes(); }

  std::shared_ptr<const OpenCall> open(std::int64_t deadline_ns = INT64_MAX) {
    return std::make_shared<const OpenCall>(OpenCall{thread_, noting(), deadline_ns, {}});
  }
  void post(const std::shared_ptr<const OpenCall>& call, std::function<void()> function) {
    thread_.post(std::make_unique<FunctionPart>(call, std::move(function)));
  }
  void run_all() {
    for (auto& part : inbox_.take().parts) thread_.run(std::move(part));
  }

  host::Inbox inbox_;
  platform::LifeStatus status_;
  ActorThread thread_{inbox_, status_};
};

TEST_F(ActorThreadTest, RunsWhatOtherThreadsPostInTheirOrder) {
  std::vector<int> ran;
  std::thread([&] {
    for (int i = 0; i < 3; ++i) post(open(), [&ran, i] { ran.push_back(i); });
  }).join();
  EXPECT_TRUE(inbox_.has_mail());
  run_all();
  EXPECT_THAT(ran, ElementsAre(0, 1, 2));
}

TEST_F(ActorThreadTest, ShowsWhichMethodAPartIsOf) {
  std::uint32_t running = 0;
  post(open(), [&] { running = status_.running_method.load(); });
  run_all();
  EXPECT_EQ(running, wire::number_of(noting()).value + 1);
  EXPECT_EQ(status_.running_method.load(), 0u);
  EXPECT_EQ(status_.parts_ended.load(), 1u);
  EXPECT_EQ(status_.calls_handled.load(), 0u);
}

TEST_F(ActorThreadTest, KnowsTheCallOfEachPartAndNoneBetweenThem) {
  std::vector<bool> limited;
  const auto note = [&] {
    limited.push_back(this_call().deadline().has_value());
    EXPECT_EQ(serving.deadline_ns != INT64_MAX, limited.back());
    EXPECT_TRUE(thread_.is_running_part());
  };
  post(open(5), note);
  post(open(), note);
  post(open(5), [&] {
    {
      const auto other = open();
      const RunningFor running(*other);
      note();
    }
    note();
  });
  run_all();
  EXPECT_THAT(limited, ElementsAre(true, false, false, true));
  EXPECT_FALSE(thread_.is_running_part());
  EXPECT_THROW(this_call(), std::logic_error);
}

TEST_F(ActorThreadTest, SurvivesAPartThatThrows) {
  bool has_run = false;
  post(open(5), [] { throw std::runtime_error("for this test"); });
  post(open(), [&] { has_run = !this_call().deadline(); });
  run_all();
  EXPECT_TRUE(has_run);
  EXPECT_EQ(status_.parts_ended.load(), 2u);
}

TEST_F(ActorThreadTest, OpensCallsInTurnsOnly) { EXPECT_THROW(ActorThread::open_call(), std::logic_error); }

// What goes may post more.
TEST_F(ActorThreadTest, DestroysWhatWaitsBeforeTheActorAndWhereItWaitedAfterwards) {
  std::vector<std::string> notes;
  Log& log = thread_.context<Log>();
  log.notes = &notes;
  EXPECT_EQ(&thread_.context<Log>(), &log);
  std::shared_ptr<void> last(nullptr, [&](void*) { notes.emplace_back("second part gone"); });
  std::shared_ptr<void> posts_more(nullptr, [this, last](void*) { post(open(), [last] {}); });
  post(open(), [held = std::move(posts_more)] {});
  last.reset();
  thread_.shut();
  EXPECT_THAT(notes, ElementsAre("shut", "second part gone"));
  post(open(), [] { ADD_FAILURE() << "the actor has gone"; });
  thread_.end();
  EXPECT_THAT(notes, ElementsAre("shut", "second part gone", "destroyed"));
}

}  // namespace
}  // namespace troupe::detail
