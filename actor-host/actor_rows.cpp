// SPDX-License-Identifier: BSL-1.0
#include "actor_rows.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "actors.hpp"

namespace troupe::command {

// One that has begun a new life between has handled nothing before.
std::vector<ActorRow> ActorLooks::look(Runtime& runtime) {
  const bool is_first = looked_ == Clock::time_point();
  const auto now = Clock::now();
  const double span = std::chrono::duration<double>(now - std::exchange(looked_, now)).count();
  std::vector<ActorRow> rows;
  for (ActorInfo& each : runtime.actors()) {
    const auto former = before_.find(each.id.value);
    const bool is_same_life = former != before_.end() && former->second.incarnation == each.incarnation;
    const std::uint64_t handled = is_same_life ? each.calls_handled - former->second.calls_handled : each.calls_handled;
    rows.push_back({std::move(each), is_first ? 0 : static_cast<double>(handled) / span});
  }
  before_.clear();
  for (const ActorRow& each : rows) before_.emplace(each.actor.id.value, each.actor);
  return rows;
}

Table table_of(const std::vector<ActorRow>& rows) {
  using enum Table::Align;
  Table table({{"ID", right},
               {"NAME"},
               {"TYPE"},
               {"PID", right},
               {"STATE"},
               {"LIFE", right},
               {"DEPTH", right},
               {"CALLS", right},
               {"CALLS/S", right},
               {"MEMORY", right},
               {"RESTARTS", right},
               {"RUNNING"}});
  for (const auto& [actor, rate] : rows) {
    const std::string running =
        actor.running.empty() ? "-" : fmt::format("{} since {}", shown(actor.running), time_text(actor.running_for));
    table.add({fmt::to_string(actor.id.value), actor.name.empty() ? "-" : shown(actor.name), shown(actor.type),
               fmt::to_string(actor.pid), text_of(actor.state), fmt::to_string(actor.incarnation),
               fmt::to_string(actor.mailbox_depth), fmt::to_string(actor.calls_handled), fmt::format("{:.0f}", rate),
               bytes_text(actor.memory), fmt::to_string(actor.restarts), running});
  }
  return table;
}

}  // namespace troupe::command
