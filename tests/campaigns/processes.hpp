// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/process.hpp"
#include "testing/seen_process.hpp"

// The process tree below this process, as /proc shows it. Nothing here signals a process by its number.
namespace troupe::campaigns {

// NOLINTBEGIN(misc-unused-using-decls): for whoever includes this
using testing::children_of;
using testing::descendants;
using testing::has_stopped;
using testing::SeenProcess;
using testing::text_of;
// NOLINTEND(misc-unused-using-decls)

// From now on orphans below this process become its children.
void become_subreaper();

// The first child of that name. nullopt: there is none.
std::optional<platform::Process> find_child(int parent, std::string_view name);
// Blocks: until there is one. Errors: Broken when none comes up.
platform::Process await_child(int parent, std::string_view name);

// nullopt: it is gone, and has been reaped.
std::optional<platform::Process> open_process(int pid);

// This executable once more, with these arguments and this process's pid behind them. The caller reaps.
platform::Process start_self(const std::vector<std::string>& arguments);
// In a process that start_self made: it is killed when its parent ends.
void end_with_parent(int parent);

// Reaps every child that has ended; only where no runtime of this process has children of its own.
void reap_ended_children();

}  // namespace troupe::campaigns
