// SPDX-License-Identifier: BSL-1.0
#include "bench.hpp"
#include "clock.hpp"
#include "floors.hpp"

#include <troupe/troupe.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace troupe::bench {

namespace {

// Takes large payloads: by value, so that it is copied out, or as a view.
class Taker {
 public:
  std::size_t take(std::vector<char> bytes) { return bytes.size(); }
  std::size_t look(std::span<const char> bytes) { return bytes.size(); }
};

// Warm: each path has carried the payload before.
struct SizeStage {
  SizeStage() {
    for (int i = 0; i < 3; ++i) {
      taker.call<&Taker::take>(payload).get();
      taker.call<&Taker::look>(payload).get();
    }
  }

  Runtime runtime;
  Proxy<Taker> taker = runtime.spawn<Taker>();
  std::vector<char> payload = std::vector<char>(floors::kCopyBytes, 'x');
};

double gigabytes_per_second(double payload_ns) { return static_cast<double>(floors::kCopyBytes) / payload_ns; }

template <auto kMethod>
double rate_of(SizeStage& stage, int calls) {
  return gigabytes_per_second(time_each(calls, [&] { stage.taker.call<kMethod>(stage.payload).get(); }).p50_ns);
}

}  // namespace

std::vector<Row> size_rows(const Bench& bench) {
  const int calls = bench.times(40);
  const Shared<SizeStage> stage;
  const auto copy = [=] { return gigabytes_per_second(bench.floors.run(floors::copy, calls).p50_ns); };
  return {
      {.name = "call.bytes64MiB",
       .unit = "GB/s",
       .figure = [=] { return rate_of<&Taker::take>(*stage, calls); },
       .reference_name = "floor.memcpy",
       .reference = copy,
       .bar = at_least(0.25)},
      {.name = "call.span64MiB",
       .unit = "GB/s",
       .figure = [=] { return rate_of<&Taker::look>(*stage, calls); },
       .reference_name = "floor.memcpy",
       .reference = copy,
       .bar = at_least(0.8)},
  };
}

}  // namespace troupe::bench
