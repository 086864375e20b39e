// SPDX-License-Identifier: BSL-1.0
#include "actors.hpp"
#include "bench.hpp"
#include "proc_files.hpp"

#include <troupe/troupe.hpp>

#include <malloc.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace troupe::bench {

namespace {

constexpr int kHosts = 100;
constexpr int kChannels = 8;

// Many hosts that have each answered a call, and have nothing to do now.
struct IdleHosts {
  IdleHosts() {
    std::vector<AsyncResult<Proxy<Counter>>> results;
    for (int i = 0; i < kHosts; ++i) results.push_back(runtime.spawn_async<Counter>(0));
    for (const auto& result : results) counters.push_back(result.get());
    for (const auto& counter : counters) counter.call<&Counter::add>(1).get();
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }

  double mean_host_bytes() const {
    double sum = 0;
    for (const auto& counter : counters) sum += static_cast<double>(proportional_bytes_of(counter.pid()));
    return sum / static_cast<double>(counters.size());
  }

  // This process, the manager, and all that the manager has started: the hosts and the zygote.
  std::vector<pid_t> all_processes() const {
    const pid_t manager = parent_of(counters.front().pid());
    std::vector<pid_t> pids = children_of(manager);
    pids.push_back(manager);
    pids.push_back(::getpid());
    return pids;
  }

  Runtime runtime;
  std::vector<Proxy<Counter>> counters;
};

std::chrono::nanoseconds processor_time_of(const std::vector<pid_t>& pids) {
  std::chrono::nanoseconds sum{0};
  for (const pid_t pid : pids) sum += bench::processor_time_of(pid);
  return sum;
}

// In per cent of one processor.
double idle_load(const IdleHosts& hosts, std::chrono::seconds span) {
  const auto pids = hosts.all_processes();
  const auto before = processor_time_of(pids);
  std::this_thread::sleep_for(span);
  return 100 * Seconds(processor_time_of(pids) - before).count() / Seconds(span).count();
}

// A channel whose memories have all been used: the rings have gone round, every slot was taken.
void use_up(const Proxy<Counter>& counter) {
  const std::string text(100, 'x');
  for (int round = 0; round < 4; ++round) {
    std::vector<AsyncResult<std::string>> results;
    for (int i = 0; i < 1024; ++i) results.push_back(counter.call<&Counter::echo>(text));
    for (const auto& result : results) result.get();
  }
}

// Memory files that were mapped here for the channels, committed bytes per pair.
double mean_channel_bytes() {
  Runtime runtime;
  const auto before = own_memory_files();
  std::vector<Proxy<Counter>> counters;
  for (int i = 0; i < kChannels; ++i) counters.push_back(runtime.spawn<Counter>(0));
  for (const auto& counter : counters) use_up(counter);
  const auto files = own_memory_files();
  double sum = 0;
  for (const auto& [place, bytes] : files) sum += before.contains(place) ? 0 : static_cast<double>(bytes);
  return sum / kChannels;
}

// The actor's process, as long as this lives.
class Stopped {
 public:
  explicit Stopped(pid_t pid) : pid_(pid) { ::kill(pid_, SIGSTOP); }
  Stopped(const Stopped&) = delete;
  Stopped& operator=(const Stopped&) = delete;
  ~Stopped() { ::kill(pid_, SIGCONT); }

 private:
  const pid_t pid_;
};

// What malloc has given away in this process, with what it needs itself for that.
std::size_t allocated_bytes() {
  const auto all = ::mallinfo2();
  return all.uordblks + all.hblkhd;
}

// Of a call int(int) that has been sent and is not answered: its handle, its result, and its place in the queue before a mailbox
// that is full. That the values are right is part of it.
double mean_result_bytes(int calls) {
  Runtime runtime;
  const auto counter = runtime.spawn<Counter>({.mailbox = {.when_full = WhenFull::spill}}, 0);
  counter.call<&Counter::add>(0).get();
  std::vector<AsyncResult<int>> results;
  double sum = 0;
  {
    const Stopped stopped(counter.pid());
    const std::size_t before = allocated_bytes();
    results.reserve(static_cast<std::size_t>(calls));
    for (int i = 0; i < calls; ++i) results.push_back(counter.call<&Counter::add>(1));
    sum = static_cast<double>(allocated_bytes() - before);
  }
  for (int value = 1; value <= calls; ++value) {
    if (results[static_cast<std::size_t>(value - 1)].get() != value) throw std::runtime_error("a result has a wrong value");
  }
  return sum / calls;
}

}  // namespace

std::vector<Row> cost_rows(const Bench& bench) {
  const Shared<IdleHosts> hosts;
  const std::chrono::seconds idle_span(bench.is_quick ? 3 : 10);
  const int outstanding = bench.times(1'000'000);
  return {
      {.name = "memory.host",
       .unit = "KiB",
       .figure = [=] { return kilobytes(hosts->mean_host_bytes()); },
       .bar = at_most(1.5 * 1024),
       .rounds = 1},
      {.name = "idle.cpu", .unit = "%", .figure = [=] { return idle_load(*hosts, idle_span); }, .bar = at_most(0.1), .rounds = 1},
      {.name = "memory.channel",
       .unit = "KiB",
       .figure = [] { return kilobytes(mean_channel_bytes()); },
       .bar = at_most(256),
       .rounds = 1},
      {.name = "memory.result",  // by mallinfo2, of a million at once
       .unit = "bytes",
       .figure = [=] { return mean_result_bytes(outstanding); },
       .bar = at_most(200),
       .rounds = 1},
  };
}

}  // namespace troupe::bench
