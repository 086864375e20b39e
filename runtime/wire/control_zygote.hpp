// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "wire/control_parts.hpp"

// The control plane between the manager and a zygote.
namespace troupe::wire {

// ---- manager → zygote

// Handles: the new host's end of its control socket.
struct Fork {
  std::uint64_t request = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request);
  }
};

struct Forked {
  std::uint64_t request = 0;
  std::int32_t pid = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, pid);
  }
};

// A zygote that cannot fork at all (threads, no tid address) says so at once with request 0.
struct ForkFailed {
  std::uint64_t request = 0;
  std::string reason{};

  template <class Archive>
  void serialize(Archive& archive) {
    archive(request, reason);
  }
};

using ToZygote = std::variant<Fork>;
using ToManagerFromZygote = std::variant<Hello, Forked, ForkFailed, GuardMissing>;

}  // namespace troupe::wire
