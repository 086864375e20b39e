// SPDX-License-Identifier: BSL-1.0
#include "actors.hpp"
#include "bench.hpp"
#include "floors.hpp"
#include "processors.hpp"

#include <troupe/troupe.hpp>

#include <barrier>
#include <cstddef>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace troupe::bench {

namespace {

constexpr std::size_t kOutstanding = 1024;
constexpr double kMillion = 1e6;
constexpr double kThousand = 1e3;

// One client, one actor, and another that calls it; each side on a processor of its own, as in the floors. The thread that
// makes it is the client, and stays on its side while it lives.
struct CallStage {
  CallStage() {
    keep_on_one_side(counter.pid(), Side::receiver);
    keep_on_one_side(caller.pid(), Side::sender);
    time_calls(counter, 5000);
    caller.call<&Caller::median_call_ns>(counter, 5000).get();
  }

  Runtime runtime;
  Proxy<Counter> counter = runtime.spawn<Counter>(0);
  Proxy<Caller> caller = runtime.spawn<Caller>();
  OnOneSide client{Side::sender};
};

// The same where the scheduler likes.
struct FreeStage {
  FreeStage() { time_calls(counter, 5000); }

  Runtime runtime;
  Proxy<Counter> counter = runtime.spawn<Counter>(0);
};

struct EightActors {
  EightActors() {
    for (int i = 0; i < 8; ++i) counters.push_back(runtime.spawn<Counter>(0));
    for (const auto& counter : counters) time_calls(counter, 500);
  }

  Runtime runtime;
  std::vector<Proxy<Counter>> counters;
};

// Four actors, each with a mailbox that holds its part of the calls.
struct FourActors {
  static constexpr int kOutstandingInAll = 100'000;
  static constexpr std::size_t kMailboxBytes = 2'000'000;

  FourActors() {
    for (int i = 0; i < 4; ++i)
      counters.push_back(
          runtime.spawn<Counter>(SpawnOptions{.mailbox = {.calls = kOutstandingInAll / 4, .bytes = kMailboxBytes}}, 0));
    for (const auto& counter : counters) time_calls(counter, 500);
  }

  Runtime runtime;
  std::vector<Proxy<Counter>> counters;
};

// Calls per second of one thread that has all of them under way, and waits for them as one result.
double gathered_rate(std::span<const Proxy<Counter>> counters, int calls) {
  const Seconds span = time_of([&] {
    std::vector<AsyncResult<int>> results;
    results.reserve(static_cast<std::size_t>(calls));
    for (std::size_t i = 0; i < static_cast<std::size_t>(calls); ++i)
      results.push_back(counters[i % counters.size()].call<&Counter::add>(1));
    gather(std::move(results)).get();
  });
  return calls / span.count();
}

// Calls per second of one thread that keeps up to kOutstanding of them under way, and reads every result.
double pipelined_rate(std::span<const Proxy<Counter>> counters, int calls) {
  std::vector<AsyncResult<int>> window(kOutstanding);
  const Seconds span = time_of([&] {
    for (std::size_t i = 0; i < static_cast<std::size_t>(calls); ++i) {
      auto& oldest = window[i % kOutstanding];
      if (oldest.valid()) oldest.get();
      oldest = counters[i % counters.size()].call<&Counter::add>(1);
    }
    for (const auto& result : window) {
      if (result.valid()) result.get();
    }
  });
  return calls / span.count();
}

// Values per second of one stream.
double stream_rate(const Proxy<Counter>& counter, int values) {
  std::int64_t sum = 0;
  const Seconds span = time_of([&] {
    for (const int value : counter.stream<&Counter::numbers>(values)) sum += value;
  });
  if (sum != std::int64_t{values} * (values - 1) / 2) throw std::runtime_error("the stream gave wrong values");
  return values / span.count();
}

double tell_rate(const Proxy<Counter>& counter, int messages) {
  const Seconds span = time_of([&] {
    for (int i = 0; i < messages; ++i) counter.tell<&Counter::count>(1);
    counter.call<&Counter::value>().get();  // in order: the last is executed
  });
  return messages / span.count();
}

double synchronous_rate(const Proxy<Counter>& counter, int calls) {
  const Seconds span = time_of([&] {
    for (int i = 0; i < calls; ++i) counter.call<&Counter::add>(1).get();
  });
  return calls / span.count();
}

double rate_of_threads(const Proxy<Counter>& counter, int threads, int calls_each) {
  std::barrier start(threads + 1);
  std::vector<std::jthread> callers;
  for (int i = 0; i < threads; ++i) {
    callers.emplace_back([&] {
      start.arrive_and_wait();
      synchronous_rate(counter, calls_each);
    });
  }
  start.arrive_and_wait();
  const Seconds span = time_of([&] { callers.clear(); });  // joins them
  return threads * calls_each / span.count();
}

double echo_ns(const Proxy<Counter>& counter, int calls) {
  const std::string text(64, 'x');
  return time_each(calls, [&] { counter.call<&Counter::echo>(text).get(); }).p50_ns;
}

double parked_ns(const Proxy<Counter>& counter, int calls) {
  return time_each(
             calls, [] { std::this_thread::sleep_for(floors::kSilence); }, [&] { counter.call<&Counter::add>(1).get(); })
      .p50_ns;
}

std::vector<Row> latency_rows(const Bench& bench, const Shared<CallStage>& stage) {
  const int calls = bench.times(40'000);
  const int parked_calls = bench.times(100);
  const auto hot = [=] { return microseconds(time_calls(stage->counter, calls).p50_ns); };
  const auto spin = [=] { return microseconds(bench.floors.run(floors::spin, calls).p50_ns); };
  return {
      {.name = "call.hot", .unit = "us", .figure = hot, .reference_name = "floor.spin", .reference = spin, .bar = at_most(2.5)},
      {.name = "call.hot.p99",
       .unit = "us",
       .figure = [=] { return microseconds(time_calls(stage->counter, calls).p99_ns); },
       .reference_name = "floor.spin.p99",
       .reference = [=] { return microseconds(bench.floors.run(floors::spin, calls).p99_ns); },
       .bar = at_most(4)},
      {.name = "call.echo64",
       .unit = "us",
       .figure = [=] { return microseconds(echo_ns(stage->counter, calls)); },
       .reference_name = "floor.spin",
       .reference = spin,
       .bar = at_most(3.5)},
      {.name = "call.parked",
       .unit = "us",
       .figure = [=] { return microseconds(parked_ns(stage->counter, parked_calls)); },
       .reference_name = "floor.futex.silence",
       .reference = [=] { return microseconds(bench.floors.run(floors::futex_after_silence, parked_calls).p50_ns); },
       .bar = at_most(1.3)},
      {.name = "actor_to_actor.hot",
       .unit = "us",
       .figure = [=] { return microseconds(stage->caller.call<&Caller::median_call_ns>(stage->counter, calls).get()); },
       .reference_name = "call.hot",
       .reference = hot,
       .bar = at_most(1.2)},
  };
}

std::vector<Row> rate_rows(const Bench& bench, const Shared<CallStage>& stage) {
  const int calls = bench.times(400'000);
  const auto queue = [=] { return 1e9 / bench.floors.run(floors::queue_one_way, calls).p50_ns / kMillion; };
  return {
      {.name = "call.pipelined",
       .unit = "M/s",
       .figure =
           [=] {
             return pipelined_rate({&stage->counter, 1}, calls) / kMillion;
           },
       .reference_name = "floor.boost_mq.rate",
       .reference = queue,
       .bar = at_least(1.5)},
      {.name = "stream.rate",
       .unit = "M/s",
       .figure = [=] { return stream_rate(stage->counter, calls) / kMillion; },
       .reference_name = "call.pipelined",
       .reference =
           [=] {
             return pipelined_rate({&stage->counter, 1}, calls) / kMillion;
           }},
      {.name = "tell.rate",
       .unit = "M/s",
       .figure = [=] { return tell_rate(stage->counter, calls) / kMillion; },
       .reference_name = "floor.boost_mq.rate",
       .reference = queue,
       .bar = at_least(2.5)},
  };
}

// What has more sides than two.
std::vector<Row> free_rows(const Bench& bench) {
  const int calls = bench.times(400'000);
  const int synchronous_calls = bench.times(80'000);
  const Shared<FreeStage> stage;
  const Shared<EightActors> eight;
  const Shared<FourActors> four;
  return {
      {.name = "call.hot.unpinned",
       .unit = "us",
       .figure = [=] { return microseconds(time_calls(stage->counter, synchronous_calls).p50_ns); },
       .reference_name = "floor.spin",
       .reference = [=] { return microseconds(bench.floors.run(floors::spin, synchronous_calls).p50_ns); }},
      {.name = "call.threads4",
       .unit = "k/s",
       .figure = [=] { return rate_of_threads(stage->counter, 4, synchronous_calls / 4) / kThousand; },
       .reference_name = "call.hot.rate",
       .reference = [=] { return synchronous_rate(stage->counter, synchronous_calls) / kThousand; },
       .bar = at_least(0.3)},
      {.name = "call.actors8",
       .unit = "M/s",
       .figure = [=] { return pipelined_rate(eight->counters, calls) / kMillion; },
       .reference_name = "call.pipelined",
       .reference =
           [=] {
             return pipelined_rate({&eight->counters.front(), 1}, calls) / kMillion;
           },
       .bar = at_least(0.8)},
      {.name = "call.gather",
       .unit = "M/s",
       .figure = [=] { return gathered_rate(four->counters, FourActors::kOutstandingInAll) / kMillion; },
       .reference_name = "call.pipelined",
       .reference =
           [=] {
             return pipelined_rate({&eight->counters.front(), 1}, calls) / kMillion;
           },
       .bar = at_least(0.7)},
  };
}

}  // namespace

std::vector<Row> call_rows(const Bench& bench) {
  const Shared<CallStage> stage;
  std::vector<Row> rows;
  for (auto& group : {latency_rows(bench, stage), rate_rows(bench, stage), free_rows(bench)})
    rows.insert(rows.end(), group.begin(), group.end());
  return rows;
}

}  // namespace troupe::bench
