// SPDX-License-Identifier: BSL-1.0
#include "small_process.hpp"

#include <cstdio>
#include <exception>
#include <stdexcept>

namespace troupe::bench {

namespace {

struct Order {
  SmallProcess::Measurement measurement;
  int count;
};

void serve(int socket) {
  try {
    for (Order order{}; read_all(socket, &order, sizeof order);) {
      const Latency latency = order.measurement(order.count);
      write_all(socket, &latency, sizeof latency);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "troupe-bench: a floor: %s\n", error.what());
  }
}

}  // namespace

SmallProcess::SmallProcess() : child_(Child::forked([this] { serve(sockets_.theirs.number()); })) { sockets_.theirs = Handle(); }

Latency SmallProcess::run(Measurement measurement, int count) {
  const Order order{.measurement = measurement, .count = count};
  write_all(sockets_.mine.number(), &order, sizeof order);
  Latency latency;
  if (!read_all(sockets_.mine.number(), &latency, sizeof latency))
    throw std::runtime_error("the process that measures floors is gone");
  return latency;
}

}  // namespace troupe::bench
