// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstdint>

#include "wire/control.hpp"
#include "wire/field_archive.hpp"

// How the public structs that control messages carry become bytes. Included by control.cpp alone.
namespace troupe {

namespace wire {

inline void serialize(FieldArchive& archive, Failure& failure) {
  archive.enumerator(failure.kind, Refusal::bad_options);
  archive(failure.text, failure.exception, failure.cause);
}

inline void serialize(FieldArchive& archive, LeaseNews& news) {
  archive.enumerator(news.what, LeaseNews::What::read_to_end);
  archive(news.from, news.number);
}

}  // namespace wire

inline void serialize(wire::FieldArchive& archive, ExitStatus& status) {
  archive(status.exit_code, status.signal, status.core_dumped);
}

inline void serialize(wire::FieldArchive& archive, ResourceUsage& usage) {
  archive(usage.user_time_us, usage.system_time_us, usage.max_resident_bytes);
}

namespace detail {

inline void serialize(wire::FieldArchive& archive, CoreToFind& core) {
  using Time = std::chrono::system_clock::time_point;
  std::int64_t since = core.not_before.time_since_epoch().count();
  std::int64_t until = core.not_after.time_since_epoch().count();
  archive(core.pid, core.signal, core.directory, since, until);
  core.not_before = Time(Time::duration(since));
  core.not_after = Time(Time::duration(until));
}

}  // namespace detail

inline void serialize(wire::FieldArchive& archive, DeathCause& cause) {
  std::int64_t method_ns = cause.method_time.count();
  archive.enumerator(cause.kind, DeathKind::linked);
  archive(cause.exit_code, cause.signal, cause.fault_address, cause.method, cause.backtrace, cause.stderr_tail,
          cause.resource_usage, cause.incarnation, cause.detail, method_ns, cause.core_path, cause.core, cause.has_fault_address);
  cause.method_time = std::chrono::nanoseconds(method_ns);
}

inline void serialize(wire::FieldArchive& archive, ActorHolder& holder) { archive(holder.actor, holder.pid); }

inline void serialize(wire::FieldArchive& archive, ActorInfo& info) {
  archive(info.id, info.name, info.type, info.pid);
  archive.enumerator(info.state, ActorState::dead);
  std::int64_t running_ns = info.running_for.count();
  archive(info.incarnation, info.mailbox_depth, info.calls_handled, info.restarts, info.last_death, info.parent, info.holders,
          info.proxies_in_flight, info.running, running_ns, info.memory);
  info.running_for = std::chrono::nanoseconds(running_ns);
}

}  // namespace troupe
