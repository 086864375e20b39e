// SPDX-License-Identifier: BSL-1.0
#include "manager/remembering.hpp"

namespace troupe::manager {

void Remembering::on(ClientId client, const wire::FindDeath& message) {
  wire::FoundDeath answer{message.request, {}};
  if (const wire::DeathRecord* death = tables_.deaths.find(message.name, message.before)) answer.death = *death;
  tables_.clients.send(client, answer);
}

// Of several that have, or had, the name it is the one that lives.
void Remembering::on(ClientId client, const wire::ReadOutput& message) {
  const bool is_by_name = message.actor == ActorId();
  const HostRecord* host = tables_.hosts.find(is_by_name ? tables_.directory.find(message.name) : message.actor);
  const ActorId actor = host != nullptr ? host->actor.id : is_by_name ? tables_.printouts.last_of(message.name) : message.actor;
  const Printout* printout = tables_.printouts.find(actor);
  wire::KeptOutput answer;
  answer.request = message.request;
  answer.through = message.after;
  answer.has_ended = host == nullptr;
  answer.is_captured = host == nullptr || host->captures_output();
  if (host != nullptr || printout != nullptr) answer.actor = actor;
  if (printout != nullptr) printout->read(message, answer);
  tables_.clients.send(client, answer);
}

}  // namespace troupe::manager
