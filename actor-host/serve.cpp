// SPDX-License-Identifier: BSL-1.0
#include <troupe/error.hpp>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "command.hpp"
#include "manager/named.hpp"
#include "platform/service_notice.hpp"

namespace troupe::command {

namespace {

struct Options {
  std::string name;
  double grace = 5;
};

ExitCode serve(const Options& options) {
  manager::ServeOptions service;
  service.name = options.name;
  service.grace = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(options.grace));
  service.on_ready = [&options] {
    platform::tell_service_manager("READY=1");
    say(fmt::format("the manager \"{}\" is ready; Ctrl-C, or SIGTERM, stops it", options.name));
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
}

}  // namespace troupe::command
