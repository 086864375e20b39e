// SPDX-License-Identifier: BSL-1.0
#include "actors.hpp"
#include "bench.hpp"
#include "child.hpp"
#include "floors.hpp"
#include "proc_files.hpp"

#include <troupe/troupe.hpp>

#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace troupe::bench {

void Victim::fill(std::size_t bytes) { ballast_.assign(bytes, 'x'); }

namespace {
constexpr const char* kHanging = "hanging";  // a name of a thread
}

void Victim::hang() {
  ::pthread_setname_np(::pthread_self(), kHanging);
  for (;;) ::pause();
}

namespace {

constexpr int kParallel = 100;
constexpr std::size_t kManyBytes = std::size_t(2) << 30;

struct SpawnStage {
  SpawnStage() { retire(runtime.spawn<Counter>(0)); }  // the zygote is up

  static void retire(Proxy<Counter> counter) {
    counter.stop();
    counter.wait();
  }

  // Spawn, constructor, first call answered.
  double median_spawn_ns(StartMethod start, int count) {
    Proxy<Counter> counter;
    const auto retire_last = [&] {
      if (counter) retire(std::exchange(counter, {}));
    };
    const auto latency = time_each(count, retire_last, [&] {
      counter = runtime.spawn<Counter>(SpawnOptions{.start = start}, 0);
      counter.call<&Counter::add>(1).get();
    });
    retire_last();
    return latency.p50_ns;
  }

  // All ready; per actor.
  double parallel_spawn_ns() {
    std::vector<AsyncResult<Proxy<Counter>>> results;
    std::vector<Proxy<Counter>> counters;
    const Seconds span = time_of([&] {
      for (int i = 0; i < kParallel; ++i) results.push_back(runtime.spawn_async<Counter>(0));
      for (const auto& result : results) counters.push_back(result.get());
    });
    results.clear();
    for (const auto& counter : counters) counter.stop();
    for (const auto& counter : counters) counter.wait();
    return span.count() * 1e9 / kParallel;
  }

  Runtime runtime;
};

struct DeathStage {
  Runtime runtime;
};

// An actor that is started again at once, each time that it is killed.
template <StartMethod kStart>
struct RestartStage {
  RestartStage()
      : counter(runtime.spawn<Counter>(
            SpawnOptions{.restart = {.max = 1'000'000, .backoff = {.first = std::chrono::seconds(0)}}, .start = kStart}, 0)) {}

  // SIGKILL, until the next life has answered a call. The life that is killed may answer a few more.
  double median_restart_ns(int count) {
    Handle process;
    unsigned life = 0;
    const auto open_host = [&] {
      counter.call<&Counter::add>(1).get();
      process = open_process(counter.pid());
      life = counter.incarnation();
    };
    const auto is_answered_again = [&] {
      const bool is_next_life = counter.incarnation() != life;
      return counter.call<&Counter::add>(1).exception() == nullptr && is_next_life;
    };
    return time_each(count, open_host,
                     [&] {
                       send_signal(process, SIGKILL);
                       while (!is_answered_again()) continue;
                     })
        .p50_ns;
  }

  Runtime runtime;
  Proxy<Counter> counter;
};

void check_it_was_running(std::exception_ptr error) {
  try {
    if (error == nullptr) throw std::runtime_error("a call came back from an actor that hangs");
    std::rethrow_exception(std::move(error));
  } catch (const ActorDied& death) {
    if (death.execution() != Execution::maybe) throw std::runtime_error("the victim died before its call had begun");
  }
}

// SIGKILL of a host whose one call is running and waited for, until the call has failed.
double notice_ns(Runtime& runtime, std::size_t resident_bytes) {
  const auto victim = runtime.spawn<Victim>();
  victim.call<&Victim::fill>(resident_bytes).get();
  const Handle process = open_process(victim.pid());
  const auto hanging = victim.call<&Victim::hang>();
  while (!has_thread_named(victim.pid(), kHanging)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::uint64_t killed = 0;
  std::jthread killer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // by now the other thread sleeps
    killed = ticks();
    send_signal(process, SIGKILL);
  });
  auto error = hanging.exception();
  const auto noticed = ticks();
  killer.join();
  check_it_was_running(std::move(error));
  victim.wait();
  return static_cast<double>(noticed - killed) * nanoseconds_per_tick();
}

// SIGKILL of a small host, until the report on its death is complete.
double median_report_ns(Runtime& runtime, int count) {
  Proxy<Counter> counter;
  Handle process;
  const auto begin = [&] {
    counter = runtime.spawn<Counter>(0);
    counter.call<&Counter::add>(1).get();
    process = open_process(counter.pid());
  };
  const auto report = [&] {
    send_signal(process, SIGKILL);
    for (;;) {
      try {
        counter.call<&Counter::add>(1).get();  // it may answer a few more
      } catch (const ActorDied& death) {
        if (death.cause().signal != SIGKILL) throw std::runtime_error("a killed host is not reported as killed");
        return;
      }
    }
  };
  return time_each(count, begin, report).p50_ns;
}

double median_notice_ns(Runtime& runtime, std::size_t resident_bytes, int count) {
  std::vector<double> spans;
  for (int i = 0; i < count; ++i) spans.push_back(notice_ns(runtime, resident_bytes));
  return median(std::move(spans));
}

template <StartMethod kStart>
Row restart_row(const Shared<SpawnStage>& spawns, const Bench& bench) {
  const int count = bench.times(30);
  const Shared<RestartStage<kStart>> stage;
  const bool is_exec = kStart == StartMethod::spawn;
  return {.name = is_exec ? "restart.spawn" : "restart.forkserver",
          .unit = "ms",
          .figure = [=] { return milliseconds(stage->median_restart_ns(count)); },
          .reference_name = is_exec ? "spawn.spawn" : "spawn.forkserver",
          .reference = [=] { return milliseconds(spawns->median_spawn_ns(kStart, count)); },
          .bar = at_most(1.5)};
}

std::vector<Row> spawn_rows(const Bench& bench) {
  const int count = bench.times(60);
  const Shared<SpawnStage> stage;
  const auto by_forkserver = [=] { return milliseconds(stage->median_spawn_ns(StartMethod::forkserver, count)); };
  return {
      {.name = "spawn.forkserver",
       .unit = "ms",
       .figure = by_forkserver,
       .reference_name = "floor.fork",
       .reference = [=] { return milliseconds(bench.floors.run(floors::fork, count).p50_ns); },
       .bar = at_most(4)},
      {.name = "spawn.spawn",
       .unit = "ms",
       .figure = [=] { return milliseconds(stage->median_spawn_ns(StartMethod::spawn, count)); },
       .reference_name = "floor.exec",
       .reference = [=] { return milliseconds(bench.floors.run(floors::exec, count).p50_ns); },
       .bar = at_most(1.6)},
      {.name = "spawn.parallel100",
       .unit = "ms",
       .figure = [=] { return milliseconds(stage->parallel_spawn_ns()); },
       .reference_name = "spawn.forkserver",
       .reference = by_forkserver,
       .bar = at_most(1.2)},
      restart_row<StartMethod::forkserver>(stage, bench),
      restart_row<StartMethod::spawn>(stage, bench),
  };
}

std::vector<Row> death_rows(const Bench& bench) {
  const Shared<DeathStage> stage;
  const int count = bench.times(20);
  return {
      {.name = "death.notice",
       .unit = "ms",
       .figure = [=] { return milliseconds(median_notice_ns(stage->runtime, 0, count)); },
       .bar = at_most(0.5)},
      {.name = "death.report",
       .unit = "ms",
       .figure = [=] { return milliseconds(median_report_ns(stage->runtime, count)); },
       .reference_name = "floor.kill + floor.futex",
       .reference =
           [=] {
             return milliseconds(bench.floors.run(floors::kill, count).p50_ns) +
                    milliseconds(bench.floors.run(floors::futex, 10 * count).p50_ns);
           },
       .bar = at_most(3)},
      {.name = "death.notice_2GiB",
       .unit = "ms",
       .figure = [=] { return milliseconds(notice_ns(stage->runtime, kManyBytes)); },
       .bar = at_most(5),
       .rounds = bench.is_quick ? 3 : kRounds},
  };
}

}  // namespace

std::vector<Row> process_rows(const Bench& bench) {
  auto rows = spawn_rows(bench);
  for (auto& row : death_rows(bench)) rows.push_back(std::move(row));
  return rows;
}

}  // namespace troupe::bench
