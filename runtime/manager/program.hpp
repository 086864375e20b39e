// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/exit_status.hpp>

#include <memory>
#include <optional>
#include <string>

#include "base/exit_text.hpp"
#include "platform/handle.hpp"

namespace troupe::manager {

// A client's executable, as it handed it over: what the hosts of its actors run. A value; copies share the handle.
struct Program {
  std::string path;      // for people
  std::string build_id;  // empty: the linker wrote none
  std::shared_ptr<const platform::Handle> executable;
  std::string file{};  // which it is: names lie, and so do numbers that a file gives itself

  // Programs with the same key are the same file and share a zygote.
  std::string key() const { return build_id + '@' + file; }
};

// What to say of a process that stays silent before it takes its role.
inline std::string guard_advice(const Program& program) {
  return "in " + program.path + ", construct troupe::Runtime (or call troupe::main_guard) first in main";
}

// And of one that ended there; how, if that is known.
inline std::string early_end(const std::optional<ExitStatus>& status, const Program& program) {
  const std::string text = "its process " + (status ? detail::text_of_end(*status) : "ended") + " before it took its role; ";
  if (!status || status->signal == 0) return text + guard_advice(program);
  return text + "look at what " + program.path + " does before it constructs troupe::Runtime (or calls troupe::main_guard)";
}

}  // namespace troupe::manager
