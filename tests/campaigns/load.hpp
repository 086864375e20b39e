// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/troupe.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "campaign.hpp"
#include "clerk.hpp"
#include "ledger.hpp"
#include "platform/process.hpp"
#include "stream_reader.hpp"

namespace troupe::campaigns {

constexpr int kActors = 4;    // of each client
constexpr int kInFlight = 8;  // calls to each actor

// One thread that keeps calls to one actor in flight, and one-way messages between them, until it is told to end or the
// actor falls for good; then it waits for all that is open. Every outcome goes to the ledger. How it waits is drawn once for the
// sender (callbacks, or looking at results) and anew for each result.
class Sender {
 public:
  Sender(Proxy<Clerk> clerk, Ledger& ledger, std::uint32_t number, int in_flight, std::uint64_t seed, Lives lives = Lives::one);
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  // Blocks: until every result that it asked for is there.
  void run();
  // Thread-safety: any thread.
  void end() { must_end_.store(true); }

 private:
  using Count = AsyncResult<std::uint64_t>;
  using Echo = AsyncResult<std::string>;
  struct Sent {
    std::uint64_t number = 0;
    std::uint32_t text_bytes = 0;
    Count count{};  // one of the two
    Echo echo{};
  };

  void send_and_settle();
  bool may_send() const { return !must_end_.load(std::memory_order_relaxed) && !has_fallen_.load(std::memory_order_relaxed); }
  bool send();
  void tell(std::uint64_t number);
  void call(std::uint64_t number);
  template <class Verbs>
  void ask(const Verbs& verbs, Sent& sent);
  template <class T>
  void add_callback(const Sent& sent, const AsyncResult<T>& result);
  void settle_one();
  template <class T>
  void wait_somehow(const AsyncResult<T>& result);
  template <class T>
  void record(const Sent& sent, const AsyncResult<T>& result);
  void fail(std::uint64_t number, Execution execution, Blame blame);
  void note_answered(std::uint64_t number);

  const Proxy<Clerk> clerk_;
  const int pid_;
  Ledger& ledger_;
  const std::uint32_t number_;
  const int in_flight_;
  const Lives lives_;
  Random random_;
  const bool uses_callbacks_;
  std::deque<Sent> window_;  // without callbacks: the calls whose outcome is not recorded
  std::atomic<bool> must_end_{false};
  std::atomic<bool> has_fallen_{false};
  std::atomic<int> open_{0};  // calls whose outcome is not recorded

  std::mutex mutex_;
  std::condition_variable settled_;  // with callbacks
  std::deque<std::uint64_t> told_;   // since the last call that was answered; guarded by mutex_
};

// One actor under load from one or two threads of this client, and now and then from a reader of its streams. Destroyed, it ends
// them first.
class Lane {
 public:
  // Spawns the actor and calls it once. Blocks: until it has answered.
  Lane(Runtime& runtime, Ledger& ledger, Random& random, Lives lives = Lives::one);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  void begin();
  // Blocks: until every outcome is there. `end` makes the senders stop sending; without it they end when the actor falls,
  // or when the ledger is full.
  void join();
  void end();

  const Proxy<Clerk>& clerk() const { return clerk_; }
  const platform::Process& host() const { return host_; }  // of the first life

 private:
  const Proxy<Clerk> clerk_;
  const platform::Process host_;
  std::vector<std::unique_ptr<Sender>> senders_;
  std::unique_ptr<StreamReader> reader_;  // or null
  std::vector<std::thread> threads_;
};

// Makes an actor and calls it once; the proxy is good.
Proxy<Clerk> spawn_clerk(Runtime& runtime, Ledger& ledger, Lives lives = Lives::one);
// Waits for a call that was sent, and writes its outcome into the ledger; whether it gave the right value.
bool settle(std::uint64_t number, const AsyncResult<std::uint64_t>& result, Ledger& ledger);
// One call, now. Errors: what it fails with, after the ledger has it.
void call_once(const Proxy<Clerk>& clerk, Ledger& ledger, std::uint32_t sender = Clerk::kSenders - 1);
// Ends it; nobody had to be killed for that.
void expect_shutdown(Runtime& runtime);
// A call to a clerk that was killed is refused as not started, and tells of what it died.
void expect_refusal(const Proxy<Clerk>& clerk, Ledger& ledger, DeathKind kind = DeathKind::signal);

// That `f` fails with ManagerDied; `what` it does is for people.
template <class F>
void expect_manager_died(const char* what, F f) {
  try {
    f();
  } catch (const ManagerDied&) {
    return;
  }
  throw Broken(std::string(what) + " went well without a manager");
}

using Lanes = std::vector<std::unique_ptr<Lane>>;
Lanes make_lanes(Runtime& runtime, Ledger& ledger, Random& random, Lives lives = Lives::one);

}  // namespace troupe::campaigns
