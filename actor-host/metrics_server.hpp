// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace troupe::command {

// A check of an option; empty: it is a numeric address.
std::string problem_of_address(const std::string& address);

// Answers GET /metrics over HTTP/1.1, to whoever may connect: one request a connection, of 8 KiB at the most, which has to come
// within 5 seconds; 16 connections at a time, others wait in the kernel. Other paths are 404, other methods 405.
// Thread-safety: none; one thread runs it.
class MetricsServer {
 public:
  // What is answered; it runs in a thread of its own, one at a time. Errors: what it throws is answered with 503.
  using Source = std::function<std::string()>;

  // Listens from now on. `address`: numeric. Port 0: a free one. Errors: std::invalid_argument (no address); std::system_error.
  MetricsServer(const std::string& address, std::uint16_t port);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  // "http://127.0.0.1:9100/metrics"
  std::string url() const;
  // Blocks: until one of the handles `ends`, which are borrowed, is readable. False: the source has not come back within a second
  // and was left behind: then the process has to end without its destructors (std::_Exit).
  bool run(Source source, const std::vector<int>& ends);

 private:
  struct State;

  std::unique_ptr<State> state_;
};

}  // namespace troupe::command
