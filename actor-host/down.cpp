// SPDX-License-Identifier: BSL-1.0
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <ctime>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "actors.hpp"
#include "client/session.hpp"
#include "command.hpp"
#include "managers.hpp"
#include "table.hpp"
#include "wire/registry.hpp"

namespace troupe::command {

namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::shared_ptr<ManagerOption> manager;
  std::string name;
  bool as_json = false;
};

// The names of --json: a promise to scripts.
const char* text_of(DeathKind kind) {
  switch (kind) {
    case DeathKind::unknown:
      return "unknown";
    case DeathKind::signal:
      return "signal";
    case DeathKind::exit_code:
      return "exit_code";
    case DeathKind::stopped:
      return "stopped";
    case DeathKind::killed_by_us:
      return "killed_by_us";
    case DeathKind::uncaught_at_start:
      return "uncaught_at_start";
    case DeathKind::parent_gone:
      return "parent_gone";
    case DeathKind::protocol_violation:
      return "protocol_violation";
    case DeathKind::start_failure:
      return "start_failure";
    case DeathKind::out_of_memory:
      return "out_of_memory";
    case DeathKind::out_of_cpu_time:
      return "out_of_cpu_time";
    case DeathKind::hung:
      return "hung";
    case DeathKind::linked:
      return "linked";
  }
  return "unknown";
}

std::time_t time_of(const wire::DeathRecord& death) {
  return static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(std::chrono::nanoseconds(death.when_ns)).count());
}

std::string text_of(const wire::DeathRecord& death) {
  const std::string name = death.name.empty() ? fmt::format("#{}", death.actor.value) : shown(death.name);
  return fmt::format("{:%F %T}  {} ({}), process {}, life {}{}\n{}\n", fmt::localtime(time_of(death)), name,
                     shown(wire::readable_type(death.type.c_str())), death.pid, death.cause.incarnation,
                     death.will_restart ? ", was restarted" : "", shown_lines(death.cause.text()));
}

Json lines_of(const std::string& text) {
  Json lines = Json::array();
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

Json json_of(const wire::DeathRecord& death) {
  const DeathCause& cause = death.cause;
  Json json;
  json["time"] = fmt::format("{:%FT%T}Z", fmt::gmtime(time_of(death)));
  json["id"] = death.actor.value;
  json["name"] = death.name;
  json["type"] = wire::readable_type(death.type.c_str());
  json["pid"] = death.pid;
  json["incarnation"] = cause.incarnation;
  json["restarted"] = death.will_restart;
  json["kind"] = text_of(cause.kind);
  json["signal"] = cause.signal != 0 ? Json(cause.signal) : Json();
  json["exit_code"] = cause.kind == DeathKind::exit_code ? Json(cause.exit_code) : Json();
  json["fault_address"] = cause.has_fault_address ? Json(cause.fault_address) : Json();
  json["method"] = cause.method.empty() ? Json() : Json(cause.method);
  json["method_seconds"] = cause.method.empty() ? Json() : Json(std::chrono::duration<double>(cause.method_time).count());
  json["detail"] = cause.detail;
  json["backtrace"] = lines_of(cause.backtrace);
  json["stderr_tail"] = cause.stderr_tail;
  json["core"] = cause.core_path.empty() ? Json() : Json(cause.core_path);
  json["text"] = cause.text();
  return json;
}

void print_json(const std::vector<wire::DeathRecord>& deaths) {
  Json list = Json::array();
  for (const wire::DeathRecord& each : deaths) list.push_back(json_of(each));
  print(list);
}

void print_text(const std::vector<wire::DeathRecord>& deaths) {
  const char* separator = "";
  for (const wire::DeathRecord& each : deaths) {
    fmt::print("{}{}", separator, text_of(each));
    separator = "\n";
  }
  if (deaths.empty()) fmt::print("no death is remembered\n");
}

// Of one that nothing is remembered of, it takes at least that it is there.
ExitCode down(const Options& options) {
  Runtime runtime = options.manager->connect();
  auto deaths = detail::RuntimeAccess::session(runtime)->deaths(options.name);
  if (deaths.empty() && !options.name.empty()) info_of(runtime, options.name);
  for (wire::DeathRecord& each : deaths) each.cause = detail::with_symbols(std::move(each.cause));
  options.as_json ? print_json(deaths) : print_text(deaths);
  return ExitCode::done;
}

}  // namespace

void add_down(const CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command =
      add_command(line, "down", "Shows how actors ended, newest first: also those that were restarted, or are gone.",
                  "actor-host down counter", [options] { return down(*options); });
  options->manager = ManagerOption::add_to(*command);
  command->add_option("NAME", options->name, "The actor's name; absent: all that the manager remembers, 64 at the most");
  command->add_flag("--json", options->as_json, "Prints an array of objects");
}

}  // namespace troupe::command
