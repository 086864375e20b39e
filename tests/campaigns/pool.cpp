// SPDX-License-Identifier: BSL-1.0
#include <troupe/pool.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "campaign.hpp"
#include "ledger.hpp"
#include "load.hpp"
#include "oracle.hpp"
#include "processes.hpp"
#include "watchdog.hpp"

// SIGKILL of a pool's workers under load: what had not begun runs once, by another worker; what had begun fails, and only that. A
// case is the life of one pool, which is resized meanwhile, and closed at its end, or terminated, or dropped; its workers may
// rest, or be replaced when they have done or grown enough.
namespace troupe::campaigns {

namespace {

constexpr int kKillsPerPool = 8;
constexpr int kTasks = 1500;

// Notes in the ledger when it begins and ends, as an actor's methods do.
std::uint64_t count(std::uint64_t number, std::uint32_t work_us, const std::string& ledger_path) {
  static const std::unique_ptr<Ledger> ledger = std::make_unique<Ledger>(ledger_path);
  ledger->begin(number);
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(work_us);
  while (work_us != 0 && std::chrono::steady_clock::now() < end) {
  }
  ledger->end(number);
  return number * 7 + 3;
}

struct Sent {
  std::uint64_t number;
  AsyncResult<std::uint64_t> result;
};

void settle(const Sent& sent, Ledger& ledger, bool may_be_terminated) {
  const Step step("waiting for a pool's task");
  try {
    expect(sent.result.get() == sent.number * 7 + 3, "task {} gave a wrong value", sent.number);
    ledger.close(sent.number, Verdict::value, Blame::nobody);
  } catch (const WorkerDiedError& error) {
    expect(error.execution() != Execution::not_started, "task {} had not begun, and was not moved", sent.number);
    ledger.close(sent.number, verdict_of(error.execution()), Blame::actor);
  } catch (const PoolTerminated& error) {
    expect(may_be_terminated, "task {} failed with: {}", sent.number, error.what());
    ledger.close(sent.number, verdict_of(error.execution()), Blame::actor);
  } catch (const CancelledError&) {
    ledger.close(sent.number, Verdict::not_started, Blame::nobody);
  }
}

std::uint32_t draw_work_us(Random& random) { return one_in(random, 3) ? static_cast<std::uint32_t>(uniform(random, 1, 300)) : 0; }

void kill_one(const Pool& pool, Random& random) {
  const auto pids = pool.pids();
  if (pids.empty()) return;
  if (const auto worker = open_process(pids[static_cast<std::size_t>(uniform(random, 0, static_cast<int>(pids.size()) - 1))]))
    worker->kill();
}

// Whether what it had not done may have been given up.
bool end(std::unique_ptr<Pool>& pool, Random& random) {
  const Step step("ending a pool");
  const int way = uniform(random, 0, 3);
  if (way == 0) pool->terminate();
  if (way <= 1) {
    pool.reset();
    return true;
  }
  pool->close();
  pool->join();
  return false;
}

PoolOptions draw_options(Random& random) {
  PoolOptions options{.processes = uniform(random, 1, 4)};
  if (one_in(random, 3)) options.max_tasks_per_child = uniform(random, 1, 100);
  if (one_in(random, 2)) options.start = StartMethod::spawn;
  if (one_in(random, 3)) options.idle_timeout = std::chrono::milliseconds(uniform(random, 1, 5));
  if (one_in(random, 4)) options.max_memory_growth = static_cast<std::uint64_t>(uniform(random, 1, 64)) * 4096;
  return options;
}

void live_and_kill(Ledger& ledger, Random& random) {
  Runtime runtime;
  auto pool = std::make_unique<Pool>(runtime, draw_options(random));
  std::deque<Sent> sent;
  int kills = kKillsPerPool;
  for (int task = 0; task < kTasks; ++task) {
    const auto number = ledger.open(0, Verdict::waiting);
    expect(number.has_value(), "the ledger is full");
    sent.push_back({*number, pool->apply_async<&count>(*number, draw_work_us(random), ledger.path())});
    if (one_in(random, 50)) sent.back().result.cancel();
    if (one_in(random, 200)) pool->resize(uniform(random, 1, 5));
    if (one_in(random, 300)) sleep_up_to(random, std::chrono::milliseconds(5));  // some may rest
    if (kills > 0 && one_in(random, kTasks / kKillsPerPool)) {
      sleep_up_to(random, std::chrono::milliseconds(1));
      kill_one(*pool, random);
      --kills;
    }
    while (sent.size() > 200 || (!sent.empty() && one_in(random, 3))) {
      settle(sent.front(), ledger, false);
      sent.pop_front();
    }
  }
  if (one_in(random, 2)) kill_one(*pool, random);
  const bool is_cut_off = end(pool, random);
  for (const auto& each : sent) settle(each, ledger, is_cut_off);
  pool.reset();
  expect_shutdown(runtime);
}

}  // namespace

Score run_pool(const Order& order) {
  return run_cases(order, [](Random& random) {
    const Oracle oracle;
    {
      Ledger ledger;
      live_and_kill(ledger, random);
      expect_no_descendants();
      ledger.expect_agreement(Blame::actor);
    }
    oracle.expect_nothing_left();
  });
}

}  // namespace troupe::campaigns
