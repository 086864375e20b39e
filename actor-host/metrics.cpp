// SPDX-License-Identifier: BSL-1.0
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <variant>

#include "client/session.hpp"
#include "command.hpp"
#include "managers.hpp"
#include "metrics_server.hpp"
#include "metrics_text.hpp"
#include "platform/event.hpp"
#include "platform/termination_signals.hpp"

namespace troupe::command {

namespace {

constexpr int kStandardInput = 0;

struct Options {
  std::shared_ptr<ManagerOption> manager;
  std::optional<std::uint16_t> port{};
  std::string address = "127.0.0.1";
  bool is_for_serve = false;
};

// Without names for the addresses of deaths: they are in no metric.
std::string text_of(Runtime& runtime) { return metrics_text(detail::RuntimeAccess::session(runtime)->list()); }

// What ends the answering, beside a handle.
struct Course {
  platform::Event bell{};
  platform::Event rope{};  // of the bell
  std::atomic<bool> is_manager_gone{false};
};

// Until `end` is readable, or the manager has ended: whether that is so.
bool answer(MetricsServer& server, const Options& options, int end) {
  Runtime runtime = options.manager->connect();
  const auto course = std::make_shared<Course>();
  std::tie(course->bell, course->rope) = platform::Event::pair();
  runtime.on_event([course](const RuntimeEvent& event) {
    if (!std::holds_alternative<ManagerDown>(event)) return;
    course->is_manager_gone = true;
    course->rope.signal();
  });
  const bool has_ended = server.run([&runtime] { return text_of(runtime); }, {end, course->bell.handle().get()});
  if (!has_ended) std::_Exit(static_cast<int>(ExitCode::done));  // the manager does not answer: so would the runtime's end wait
  return course->is_manager_gone;
}

// In the foreground.
ExitCode answer_people(const Options& options) {
  MetricsServer server(options.address, *options.port);
  const platform::TerminationSignals signals;
  say(fmt::format("metrics are at {}; Ctrl-C, or SIGTERM, ends this", server.url()));
  if (answer(server, options, signals.handle().get())) throw Failure(ExitCode::failed, "the manager has ended");
  return ExitCode::done;
}

// Beside serve: tells it where, waits until there is a manager, and ends when that closes the input.
ExitCode answer_beside(const Options& options) {
  MetricsServer server(options.address, *options.port);
  fmt::print("{}\n", server.url());
  std::fflush(stdout);
  for (int c = std::getchar(); c != '\n'; c = std::getchar()) {
    if (c == EOF) return ExitCode::done;
  }
  answer(server, options, kStandardInput);
  return ExitCode::done;
}

ExitCode metrics(const Options& options) {
  if (options.port) return options.is_for_serve ? answer_beside(options) : answer_people(options);
  Runtime runtime = options.manager->connect();
  fmt::print("{}", text_of(runtime));
  return ExitCode::done;
}

}  // namespace

void add_metrics(const CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command =
      add_command(line, "metrics", "Prints what is known of the actors as Prometheus reads it; or answers GET /metrics with it.",
                  "actor-host metrics | grep mailbox_depth", [options] { return metrics(*options); });
  options->manager = ManagerOption::add_to(*command);
  command->add_option("--port", options->port,
                      "Answers HTTP there, in the foreground, as long as the manager lives; 0: a free port");
  command->add_option("--address", options->address, "Where that listens")->check(&problem_of_address)->capture_default_str();
  command->add_flag("--for-serve", options->is_for_serve)->group("");  // hidden
}

}  // namespace troupe::command
