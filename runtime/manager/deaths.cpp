// SPDX-License-Identifier: BSL-1.0
#include "manager/deaths.hpp"

#include <algorithm>
#include <utility>

namespace troupe::manager {

namespace {

constexpr std::size_t kMostTypeBytes = 16 * 1024;  // so that each fits a message

bool was_wanted(const wire::DeathRecord& death) {
  switch (death.cause.kind) {
    case DeathKind::stopped:
    case DeathKind::killed_by_us:
    case DeathKind::parent_gone:
    case DeathKind::linked:
      return true;
    case DeathKind::exit_code:
      return death.cause.exit_code == 0;
    case DeathKind::unknown:
    case DeathKind::signal:
    case DeathKind::uncaught_at_start:
    case DeathKind::protocol_violation:
    case DeathKind::start_failure:
    case DeathKind::out_of_memory:
    case DeathKind::out_of_cpu_time:
    case DeathKind::hung:
      break;
  }
  return false;
}

}  // namespace

void Deaths::add(wire::DeathRecord death) {
  death.number = ++last_number_;
  death.type.resize(std::min(death.type.size(), kMostTypeBytes));
  deaths_.push_back(std::move(death));
  if (deaths_.size() <= kMost) return;
  const auto least = std::ranges::find_if(deaths_, was_wanted);
  deaths_.erase(least != deaths_.end() ? least : deaths_.begin());
}

const wire::DeathRecord* Deaths::find(const std::string& name, std::uint64_t before) const {
  const auto is_meant = [&](const wire::DeathRecord& each) {
    return (name.empty() || each.name == name) && (before == 0 || each.number < before);
  };
  const auto found = std::find_if(deaths_.rbegin(), deaths_.rend(), is_meant);
  return found == deaths_.rend() ? nullptr : &*found;
}

}  // namespace troupe::manager
