// SPDX-License-Identifier: BSL-1.0
#include "actors.hpp"
#include "bench.hpp"
#include "processors.hpp"

#include <troupe/asio.hpp>
#include <troupe/troupe.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace troupe::bench {

namespace {

namespace asio = boost::asio;

// One actor, and a thread with an io_context; each on a processor of its own.
struct CoroutineStage {
  CoroutineStage() {
    keep_on_one_side(counter.pid(), Side::receiver);
    time_calls(counter, 5000);
  }

  Runtime runtime;
  Proxy<Counter> counter = runtime.spawn<Counter>(0);
  OnOneSide client{Side::sender};
};

// As time_each, in a coroutine that has the io_context for itself. `Step`: an awaitable, each time.
template <class Step>
asio::awaitable<Latency> time_steps(int count, Step step) {
  std::vector<std::uint64_t> spans(static_cast<std::size_t>(count));
  for (auto& span : spans) {
    const auto begin = ticks();
    co_await step();
    span = ticks() - begin;
  }
  co_return percentiles(spans);
}

template <class Step>
double p50_ns_of(int count, Step step) {
  asio::io_context context(1);
  auto latency = asio::co_spawn(context, time_steps(count, std::move(step)), asio::use_future);
  context.run();
  return latency.get().p50_ns;
}

double post_ns(int count) {
  return p50_ns_of(count, [] { return asio::post(asio::use_awaitable); });
}
double co_await_ns(const Proxy<Counter>& counter, int count) {
  return p50_ns_of(count, [&] { return counter.call<&Counter::add>(1); });
}

}  // namespace

// A coroutine that awaits a call goes through its executor's queue once, so that others have their turn.
std::vector<Row> coroutine_rows(const Bench& bench) {
  const int calls = bench.times(40'000);
  const Shared<CoroutineStage> stage;
  return {
      {.name = "asio.post", .unit = "us", .figure = [=] { return microseconds(post_ns(calls)); }},
      {.name = "call.co_await",
       .unit = "us",
       .figure = [=] { return microseconds(co_await_ns(stage->counter, calls)); },
       .reference_name = "1.5call.hot+post",
       .reference = [=] { return microseconds(1.5 * time_calls(stage->counter, calls).p50_ns + post_ns(calls)); },
       .bar = at_most(1)},
  };
}

}  // namespace troupe::bench
