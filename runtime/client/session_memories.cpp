// SPDX-License-Identifier: BSL-1.0
// What a manager remembers, and what only people order: for the command line.
#include <utility>

#include "client/refusal.hpp"
#include "client/session.hpp"

namespace troupe::client {

std::vector<wire::DeathRecord> Session::deaths(std::string_view name) {
  std::vector<wire::DeathRecord> deaths;
  for (std::uint64_t before = 0;; before = deaths.back().number) {
    auto message = ask(wire::FindDeath{.name = std::string(name), .before = before});
    auto& found = answer_in<wire::FoundDeath>(message).death;
    if (!found || (before != 0 && found->number >= before)) return deaths;
    deaths.push_back(std::move(*found));
  }
}

wire::KeptOutput Session::read_output(const wire::ReadOutput& order) {
  auto message = ask(order);
  return std::move(answer_in<wire::KeptOutput>(message));
}

wire::RestartAnswer Session::restart(Link& link, Timeout grace) {
  auto message = ask(wire::RestartActor{.actor = link.actor().id, .key = link.actor().key, .grace_ns = grace.span().count()});
  return std::move(answer_in<wire::RestartAnswer>(message));
}

}  // namespace troupe::client
