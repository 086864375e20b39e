// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "harness.hpp"
#include "small_process.hpp"

#include <string_view>
#include <vector>

namespace troupe::bench {

// What every row may use.
struct Bench {
  SmallProcess& floors;
  bool is_quick = false;

  // How often something is to be done that is done `full` times in a full run.
  int times(int full) const { return is_quick ? (full + 3) / 4 : full; }
};

std::vector<Row> floor_rows(const Bench& bench);
std::vector<Row> call_rows(const Bench& bench);              // The call path
std::vector<Row> coroutine_rows(const Bench& bench);         // The call path, in coroutines
std::vector<Row> oversubscription_rows(const Bench& bench);  // The call path, with more pairs than processors
std::vector<Row> size_rows(const Bench& bench);              // Sizes
std::vector<Row> process_rows(const Bench& bench);           // Processes: start and end
std::vector<Row> cost_rows(const Bench& bench);              // Processes: memory, idle time
std::vector<Row> pool_rows(const Bench& bench);              // Pools
std::vector<Row> building_rows(const Bench& bench);          // What a user pays

constexpr double microseconds(double ns) { return ns / 1e3; }
constexpr double milliseconds(double ns) { return ns / 1e6; }
constexpr double kilobytes(double bytes) { return bytes / 1024; }  // KiB

int run_bench(const std::vector<std::string_view>& words);

// The other half of the pair rows: this executable as a client process, see oversubscription.cpp.
inline constexpr const char* kPairClient = "--pair-client";
int run_pair_client(bool never_spins);
// One of two plain processes that do a pool's work, see pools.cpp.
inline constexpr const char* kBurner = "--burner";
int run_burner(int tasks);

}  // namespace troupe::bench
