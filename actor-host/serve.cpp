// SPDX-License-Identifier: BSL-1.0
#include <troupe/error.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "command.hpp"
#include "manager/named.hpp"
#include "metrics_server.hpp"
#include "platform/piped_child.hpp"
#include "platform/service_notice.hpp"

namespace troupe::command {

namespace {

struct Options {
  std::string name;
  double grace = 5;
  std::optional<std::uint16_t> metrics_port{};
  std::string metrics_address = "127.0.0.1";
};

// In a process of its own, that ends with this one: what comes from a network is no business of the manager's.
// nullptr: it could not listen, and has said so.
std::unique_ptr<platform::PipedChild> metrics_of(const Options& options) {
  auto child = std::make_unique<platform::PipedChild>(
      std::vector<std::string>{"actor-host", "metrics", "--manager", options.name, "--port",
                               fmt::to_string(*options.metrics_port), "--address", options.metrics_address, "--for-serve"});
  return child->first_line().empty() ? nullptr : std::move(child);
}

ExitCode serve(const Options& options) {
  std::unique_ptr<platform::PipedChild> metrics;
  if (options.metrics_port && (metrics = metrics_of(options)) == nullptr) return ExitCode::failed;
  manager::ServeOptions service;
  service.name = options.name;
  service.grace = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(options.grace));
  service.on_ready = [&options, &metrics] {
    if (metrics) metrics->write("ready\n");
    platform::tell_service_manager("READY=1");
    say(fmt::format("the manager \"{}\" is ready{}; Ctrl-C, or SIGTERM, stops it", options.name,
                    metrics ? ", its metrics are at " + metrics->first_line() : ""));
  };
  try {
    return manager::serve(service) == 0 ? ExitCode::done : ExitCode::failed;
  } catch (const DuplicateName& error) {
    throw Failure(ExitCode::failed, error.what());
  }
}

}  // namespace

void add_serve(const CommandLine& line) {
  constexpr double kLongestGrace = 24 * 3600;
  const auto options = std::make_shared<Options>();
  CLI::App* const command = add_command(line, "serve", "Is a named manager, in the foreground, until SIGTERM or SIGINT comes.",
                                        "actor-host serve --name lab", [options] { return serve(*options); });
  command->add_option("-n,--name", options->name, "What programs call it in Runtime::connect")->required();
  command->add_option("--grace", options->grace, "Seconds that actors have to stop in; a second signal gives them none")
      ->check(seconds_between(0, kLongestGrace))
      ->capture_default_str();
  command->add_option("--metrics-port", options->metrics_port, "Answers GET /metrics there, for Prometheus; 0: a free port");
  command->add_option("--metrics-address", options->metrics_address, "Where that listens")
      ->check(&problem_of_address)
      ->capture_default_str();
}

}  // namespace troupe::command
