// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace troupe::platform {

// Whether the guard (Runtime(argc, argv) or main_guard) has run in this process.
bool guard_has_run() noexcept;
void note_guard_ran() noexcept;

// What tells whoever started this role child that its guard is missing; set by the roles room before main.
void set_missing_guard_report(void (*report)() noexcept) noexcept;

// To be called before the library is used for anything that could start a process. In a child that was started in a role
// and came here without the guard: tells its starter and ends at once (it would start children of its own, and those
// again). Errors: std::logic_error in an ordinary program without the guard.
void require_guard();

}  // namespace troupe::platform
