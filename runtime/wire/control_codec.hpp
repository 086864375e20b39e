// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "wire/control.hpp"

#include <cereal/types/vector.hpp>

// How control messages become bytes: the message's rank in its vocabulary, then its fields. Included by control.cpp alone.
namespace troupe {

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
  archive(cause.kind, cause.exit_code, cause.signal, cause.fault_address, cause.method, cause.backtrace, cause.stderr_tail,
          cause.resource_usage, cause.incarnation, cause.detail);
}

template <class Archive>
void serialize(Archive& archive, ActorInfo& info) {
  archive(info.id, info.name, info.type, info.pid, info.state, info.incarnation, info.mailbox_depth, info.calls_handled,
          info.restarts, info.last_death);
}

}  // namespace troupe
