// SPDX-License-Identifier: BSL-1.0
#include "metrics_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>

#include "actors.hpp"
#include "table.hpp"

namespace troupe::command {

namespace {

struct Metric {
  const char* name;
  const char* type;
  const char* help;
  std::function<double(const ActorInfo& actor)> value;
};

double number(std::uint64_t value) { return static_cast<double>(value); }

const std::array kMetrics{
    Metric{"troupe_actor_mailbox_depth", "gauge",
           "Requests that were sent to the actor and are not done, the one that runs included.",
           [](const ActorInfo& actor) { return number(actor.mailbox_depth); }},
    Metric{"troupe_actor_calls_total", "counter", "Calls that the actor's present process has handled.",
           [](const ActorInfo& actor) { return number(actor.calls_handled); }},
    Metric{"troupe_actor_restarts_total", "counter", "Lives of the actor after its first one.",
           [](const ActorInfo& actor) { return number(actor.restarts); }},
    Metric{"troupe_actor_memory_bytes", "gauge", "Memory of the actor's process that no file and nobody else's memory is behind.",
           [](const ActorInfo& actor) { return number(actor.memory); }},
    Metric{"troupe_actor_running_seconds", "gauge", "How long the method that runs now has been running; 0: none runs.",
           [](const ActorInfo& actor) { return std::chrono::duration<double>(actor.running_for).count(); }},
    Metric{"troupe_actor_proxies_in_flight", "gauge", "Envelopes with proxies of the actor that have not been read yet.",
           [](const ActorInfo& actor) { return number(actor.proxies_in_flight); }},
    Metric{"troupe_actor_holders", "gauge", "Processes that have proxies of the actor.",
           [](const ActorInfo& actor) { return number(actor.holders.size()); }},
};

std::string header_of(const char* name, const char* type, const char* help) {
  return fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

std::string labels_of(const ActorInfo& actor) {
  return fmt::format("{{id=\"{}\",name={},type={}}}", actor.id.value, label_value(actor.name), label_value(actor.type));
}

// Whichever state nobody is in is there as well: so a rule finds it.
std::string states_text(const std::vector<ActorInfo>& actors) {
  using enum ActorState;
  std::string text = header_of("troupe_actors", "gauge", "Actors of the manager, by state.");
  for (const ActorState state : {starting, running, stopping, dead})
    text +=
        fmt::format("troupe_actors{{state=\"{}\"}} {}\n", text_of(state), std::ranges::count(actors, state, &ActorInfo::state));
  return text;
}

}  // namespace

std::string label_value(std::string_view text) {
  std::string value = "\"";
  for (const char c : valid_utf8(text)) {
    switch (c) {
      case '\\':
      case '"':
        value += '\\';
        value += c;
        break;
      case '\n':
        value += "\\n";
        break;
      default:
        value += c;
    }
  }
  return value + '"';
}

std::string metrics_text(const std::vector<ActorInfo>& actors) {
  std::string text = states_text(actors);
  for (const Metric& metric : kMetrics) {
    text += header_of(metric.name, metric.type, metric.help);
    for (const ActorInfo& each : actors) text += fmt::format("{}{} {}\n", metric.name, labels_of(each), metric.value(each));
  }
  return text;
}

}  // namespace troupe::command
