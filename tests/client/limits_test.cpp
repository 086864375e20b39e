// SPDX-License-Identifier: BSL-1.0
#include "client/limits.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>

namespace troupe::client {
namespace {

using namespace std::chrono_literals;

std::string refused(const LimitOptions& options) {
  try {
    wire_limits(options);
    return "(taken)";
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

TEST(Limits, AreNoneByDefault) {
  const wire::Limits limits = wire_limits({});
  EXPECT_EQ(limits.memory_bytes, 0u);
  EXPECT_EQ(limits.cpu_seconds, 0u);
  EXPECT_EQ(limits.open_files, 0u);
  EXPECT_EQ(limits.nice, wire::Limits::kNotNice);
  EXPECT_EQ(limits.processors, wire::Limits::Processors());
}

TEST(Limits, TravelAsTheyAre) {
  const wire::Limits limits = wire_limits({.memory = 1 << 20, .open_files = 16, .nice = -20, .cpus = {0, 65, 0, 1023}});
  EXPECT_EQ(limits.memory_bytes, 1u << 20);
  EXPECT_EQ(limits.open_files, 16u);
  EXPECT_EQ(limits.nice, -20);
  wire::Limits::Processors processors{1, 2};
  processors.back() = std::uint64_t{1} << 63;
  EXPECT_EQ(limits.processors, processors);
}

TEST(Limits, OfProcessorTimeAreRoundedUpToSeconds) {
  EXPECT_EQ(wire_limits({.cpu_time = 1ns}).cpu_seconds, 1u);
  EXPECT_EQ(wire_limits({.cpu_time = 2s}).cpu_seconds, 2u);
  EXPECT_EQ(wire_limits({.cpu_time = 2001ms}).cpu_seconds, 3u);
  EXPECT_EQ(wire_limits({.cpu_time = std::chrono::hours(24 * 365 * 200)}).cpu_seconds, UINT32_MAX - 1);
  EXPECT_EQ(wire_limits({.cpu_time = Timeout()}).cpu_seconds, 0u);
}

TEST(Limits, ThatNoProcessCouldHaveAreRefusedByName) {
  EXPECT_EQ(refused({.memory = 0}), "SpawnOptions::limits.memory must not be 0; leave it out for no limit");
  EXPECT_EQ(refused({.cpu_time = 0s}), "SpawnOptions::limits.cpu_time must be longer than 0");
  EXPECT_EQ(refused({.cpu_time = -1s}), "SpawnOptions::limits.cpu_time must be longer than 0");
  EXPECT_EQ(refused({.open_files = 15}),
            "SpawnOptions::limits.open_files must be at least 16: so many the actor's process has for itself and one caller");
  EXPECT_EQ(refused({.nice = 20}), "SpawnOptions::limits.nice must be between -20 and 19");
  EXPECT_EQ(refused({.nice = -21}), "SpawnOptions::limits.nice must be between -20 and 19");
  EXPECT_EQ(refused({.cpus = {0, -1}}), "SpawnOptions::limits.cpus must be between 0 and 1023");
  EXPECT_EQ(refused({.cpus = {1024}}), "SpawnOptions::limits.cpus must be between 0 and 1023");
}

}  // namespace
}  // namespace troupe::client
