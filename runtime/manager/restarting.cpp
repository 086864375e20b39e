// SPDX-License-Identifier: BSL-1.0
#include "manager/restarting.hpp"

#include <algorithm>
#include <cstdint>

#include "supervision/restart_history.hpp"

namespace troupe::manager {

supervision::Exit exit_of(const DeathCause& cause) {
  const bool is_clean = cause.kind == DeathKind::stopped || (cause.kind == DeathKind::exit_code && cause.exit_code == 0);
  return is_clean ? supervision::Exit::clean : supervision::Exit::crash;
}

namespace {

// Empty: it can be, now.
const char* why_not_restarted(const HostRecord* host) {
  if (host == nullptr) return "it has ended";
  if (host->group != 0) return "its group restarts it, with the others that this concerns, when one of them fails";
  if (!host->actor.may_restart)
    return "it was spawned without a restart policy; stop it and spawn it anew, or spawn it with SpawnOptions::restart, as "
           "{.max = 3}";
  if (!host->is_wanted()) return "it is being stopped, or killed";
  if (!host->is_answering()) return "it is between two lives: the next one is on its way";
  return "";
}

bool ended_as_ordered(const HostRecord& host, const DeathCause& cause) {
  return host.asked == Asked::restart && (cause.kind == DeathKind::stopped || cause.kind == DeathKind::killed_by_us);
}

}  // namespace

void Restarting::on(ClientId client, const wire::RestartActor& message) {
  HostRecord* host = tables_.hosts.find(message.actor, message.key);
  wire::RestartAnswer answer{message.request, why_not_restarted(host)};
  if (host != nullptr) answer.incarnation = host->actor.incarnation;
  tables_.clients.send(client, answer);
  if (answer.refusal.empty()) ending_.stop_life(*host, std::chrono::nanoseconds(std::max<std::int64_t>(message.grace_ns, 0)));
}

std::optional<std::chrono::nanoseconds> Restarting::delay_of_next_life(HostRecord& host, const DeathCause& cause) const {
  if (!host.is_wanted() || tables_.is_closing || !host.has_run || !host.actor.may_restart) return std::nullopt;
  if (ended_as_ordered(host, cause)) {
    host.last_cause = cause;
    return std::chrono::nanoseconds::zero();
  }
  const auto now = std::chrono::steady_clock::now();
  const supervision::Verdict verdict = host.history.ended(exit_of(cause), now);
  if (verdict.what == supervision::Verdict::What::stay_down) return std::nullopt;
  host.first_death.note(cause, std::chrono::nanoseconds(host.order.restart.within_ns), now);
  host.last_cause = cause;
  host.has_given_up = verdict.what == supervision::Verdict::What::give_up;
  if (host.has_given_up) return std::nullopt;
  return verdict.delay;
}

}  // namespace troupe::manager
