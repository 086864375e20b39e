// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/archive.hpp>
#include <troupe/error.hpp>

#include "wire/control.hpp"

// How the public structs that control messages carry become bytes. Included by control.cpp alone.
namespace troupe {

namespace wire {

// An enum that comes in must be one of its enumerators, `last` being the last of them.
template <class Archive, class Enum>
void archive_enum(Archive& archive, Enum& value, Enum last) {
  archive(value);
  if (value > last) throw SerializationError("an enum has a value past its last enumerator");
}

template <class Archive>
void serialize(Archive& archive, Failure& failure) {
  archive_enum(archive, failure.kind, Refusal::protocol);
  archive(failure.text, failure.exception, failure.cause);
}

template <class Archive>
void serialize(Archive& archive, LeaseNews& news) {
  archive_enum(archive, news.what, LeaseNews::What::read_to_end);
  archive(news.from, news.number);
}

}  // namespace wire

template <class Archive>
void serialize(Archive& archive, ExitStatus& status) {
  archive(status.exit_code, status.signal, status.core_dumped);
}

template <class Archive>
void serialize(Archive& archive, ResourceUsage& usage) {
  archive(usage.user_time_us, usage.system_time_us, usage.max_resident_bytes);
}

template <class Archive>
void serialize(Archive& archive, DeathCause& cause) {
  wire::archive_enum(archive, cause.kind, DeathKind::out_of_memory);
  archive(cause.exit_code, cause.signal, cause.fault_address, cause.method, cause.backtrace, cause.stderr_tail,
          cause.resource_usage, cause.incarnation, cause.detail);
}

template <class Archive>
void serialize(Archive& archive, ActorHolder& holder) {
  archive(holder.actor, holder.pid);
}

template <class Archive>
void serialize(Archive& archive, ActorInfo& info) {
  archive(info.id, info.name, info.type, info.pid);
  wire::archive_enum(archive, info.state, ActorState::dead);
  archive(info.incarnation, info.mailbox_depth, info.calls_handled, info.restarts, info.last_death, info.parent, info.holders,
          info.proxies_in_flight);
}

}  // namespace troupe
