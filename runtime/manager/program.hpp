// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>
#include <string>

#include "platform/handle.hpp"

namespace troupe::manager {

// A client's executable, as it handed it over: what the hosts of its actors run. A value; copies share the handle.
struct Program {
  std::string path;      // for people
  std::string build_id;  // empty: the linker wrote none
  std::shared_ptr<const platform::Handle> executable;

  // Programs with the same key are the same file and share a zygote.
  const std::string& key() const { return build_id.empty() ? path : build_id; }
};

// What to say of a process that ended, or stays silent, before it took its role.
inline std::string guard_advice(const Program& program) {
  return "in " + program.path + ", construct troupe::Runtime (or call troupe::main_guard) first in main";
}

}  // namespace troupe::manager
