// SPDX-License-Identifier: BSL-1.0
#include "platform/role_state.hpp"

#include <unistd.h>

#include <atomic>
#include <stdexcept>

#include "platform/launch.hpp"

namespace troupe::platform {
namespace {

std::atomic<bool> has_guard_run{false};
std::atomic<void (*)() noexcept> missing_guard_report{nullptr};

}  // namespace

bool guard_has_run() noexcept { return has_guard_run.load(std::memory_order_acquire); }

void note_guard_ran() noexcept { has_guard_run.store(true, std::memory_order_release); }

void set_missing_guard_report(void (*report)() noexcept) noexcept { missing_guard_report.store(report); }

void require_guard() {
  if (guard_has_run()) return;
  if (has_role()) {
    if (auto* report = missing_guard_report.load()) report();
    ::_exit(1);
  }
  throw std::logic_error(
      "troupe is used before its guard: construct troupe::Runtime(argc, argv), or call troupe::main_guard, first in main");
}

}  // namespace troupe::platform
