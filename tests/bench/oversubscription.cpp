// SPDX-License-Identifier: BSL-1.0
// Several pairs (client process, actor) on few processors. Each client is this executable once more, so that nothing but the
// processors is shared; they stay for all rounds, and sleep while it is not their turn.
#include "actors.hpp"
#include "bench.hpp"
#include "child.hpp"

#include <troupe/troupe.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace troupe::bench {

namespace {

using Clock = std::chrono::steady_clock;
constexpr int kInherited = 3;  // see Child::executed

// When to call. The same clock in all processes.
struct Turn {
  Clock::time_point begin;
  Clock::time_point end;
};

std::uint64_t calls_within(const Turn& turn, const Proxy<Counter>& counter) {
  std::this_thread::sleep_until(turn.begin);
  std::uint64_t calls = 0;
  for (; Clock::now() < turn.end; ++calls) counter.call<&Counter::add>(1).get();
  return calls;
}

// One client process, as the bench sees it.
class PairClient {
 public:
  explicit PairClient(bool never_spins)
      : child_(Child::executed({"troupe-bench", kPairClient, never_spins ? "never" : "learned"}, sockets_.theirs)) {
    sockets_.theirs = Handle();
    read<char>();
  }

  void begin(const Turn& turn) { write_all(sockets_.mine.number(), &turn, sizeof turn); }
  std::uint64_t calls() { return read<std::uint64_t>(); }

 private:
  template <class T>
  T read() {
    T value{};
    if (!read_all(sockets_.mine.number(), &value, sizeof value))
      throw std::runtime_error("a client process of the bench is gone");
    return value;
  }

  SocketPair sockets_;
  Child child_;
};

// Calls per second of all pairs together.
double rate(std::vector<PairClient>& clients, std::chrono::milliseconds span) {
  const auto begin = Clock::now() + std::chrono::milliseconds(20);
  for (auto& client : clients) client.begin({.begin = begin, .end = begin + span});
  std::uint64_t calls = 0;
  for (auto& client : clients) calls += client.calls();
  return static_cast<double>(calls) / Seconds(span).count();
}

std::vector<PairClient> start_clients(int count, bool never_spins) {
  std::vector<PairClient> clients;
  for (int i = 0; i < count; ++i) clients.emplace_back(never_spins);
  return clients;
}

template <int kPairs>
struct Pairs {
  std::vector<PairClient> as_shipped = start_clients(kPairs, false);
  std::vector<PairClient> without_spinning = start_clients(kPairs, true);
};

template <int kPairs>
Row pairs_row(const Bench& bench, std::string name) {
  const Shared<Pairs<kPairs>> pairs;
  const std::chrono::milliseconds span(bench.times(1000));
  return {.name = std::move(name),
          .unit = "k/s",
          .figure = [=] { return rate(pairs->as_shipped, span) / 1e3; },
          .reference_name = "never_spinning",
          .reference = [=] { return rate(pairs->without_spinning, span) / 1e3; },
          .bar = at_least(1.0)};
}

}  // namespace

int run_pair_client(bool never_spins) {
  const Handle bench(kInherited);
  Runtime runtime(RuntimeOptions{.spin = never_spins ? Spin::never : Spin::learned});
  const auto counter = runtime.spawn<Counter>(0);
  time_calls(counter, 1000);
  const char ready = 'r';
  write_all(kInherited, &ready, 1);
  for (Turn turn{}; read_all(kInherited, &turn, sizeof turn);) {
    const auto calls = calls_within(turn, counter);
    write_all(kInherited, &calls, sizeof calls);
  }
  return 0;
}

std::vector<Row> oversubscription_rows(const Bench& bench) {
  return {pairs_row<8>(bench, "call.oversubscribed"), pairs_row<2>(bench, "call.two_pairs")};
}

}  // namespace troupe::bench
