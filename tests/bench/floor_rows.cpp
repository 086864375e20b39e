// SPDX-License-Identifier: BSL-1.0
// The floors for the reader; the rows measure them again, each in its own rounds.
#include "bench.hpp"
#include "floors.hpp"

#include <string>
#include <utility>
#include <vector>

namespace troupe::bench {

std::vector<Row> floor_rows(const Bench& bench) {
  const auto latency = [&](std::string name, SmallProcess::Measurement floor, int count) {
    return Row{
        .name = std::move(name), .unit = "us", .figure = [=] { return microseconds(bench.floors.run(floor, count).p50_ns); }};
  };
  const int many = bench.times(40'000);
  return {
      latency("floor.spin", floors::spin, many),
      {.name = "floor.spin.p99",
       .unit = "us",
       .figure = [=] { return microseconds(bench.floors.run(floors::spin, many).p99_ns); }},
      latency("floor.futex", floors::futex, bench.times(10'000)),
      latency("floor.futex.silence", floors::futex_after_silence, bench.times(100)),
      latency("floor.boost_mq", floors::queue_round_trip, bench.times(10'000)),
      {.name = "floor.boost_mq.rate",
       .unit = "M/s",
       .figure = [=] { return 1e3 / bench.floors.run(floors::queue_one_way, bench.times(400'000)).p50_ns; }},
      latency("floor.exec", floors::exec, bench.times(60)),
      latency("floor.fork", floors::fork, bench.times(60)),
      {.name = "floor.memcpy",
       .unit = "GB/s",
       .figure = [=] { return floors::kCopyBytes / bench.floors.run(floors::copy, bench.times(12)).p50_ns; }},
  };
}

}  // namespace troupe::bench
