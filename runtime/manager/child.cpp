// SPDX-License-Identifier: BSL-1.0
#include "manager/child.hpp"

#include <utility>
#include <vector>

#include "platform/process_group.hpp"
#include "platform/stray_children.hpp"

namespace troupe::manager {

void Children::expect_strays() {
  has_strays_ = true;
  sweep();
}

void Children::on_signal() {
  signal_.clear();
  for (Child* child : std::vector<Child*>(held_.begin(), held_.end())) {
    if (held_.erase(child) != 0) child->on_ended();  // one that is gone by now has left the set
  }
  if (has_strays_) sweep();
}

void Children::end(platform::Process process) {
  process.kill();
  const int pid = process.pid();
  unwanted_[pid] = std::make_unique<Child>(loop_, *this, std::move(process), [this, pid](const auto&) { unwanted_.erase(pid); });
}

// A known child hides the strays behind it until it has been reaped: so each reaping is followed by a look.
void Children::leave(int pid) {
  if (pids_.erase(pid) == 0) return;
  if (has_strays_) sweep();
  if (pids_.empty()) loop_.post([this] { on_empty_(); });
}

void Children::sweep() {
  for (auto pid = platform::ended_child(); pid && !pids_.contains(*pid); pid = platform::ended_child()) {
    platform::kill_group_of_zombie(*pid);
    platform::reap_stray(*pid);
  }
}

Child::Child(Loop& loop, Children& children, platform::Process process, OnEnd on_end)
    : children_(children), process_(std::move(process)), on_end_(std::move(on_end)) {
  watch_ = std::make_unique<HandleWatch>(loop, process_.handle().get(), [this] { on_ended(); });
  children_.pids_.insert(process_.pid());  // last: what fails before has left nothing behind
}

Child::~Child() {
  children_.held_.erase(this);
  children_.leave(process_.pid());
}

void Child::on_ended() {
  watch_.reset();
  platform::kill_group_of(process_);
  const std::uint64_t own_time_us = is_own_time_asked_ ? platform::own_time_of(process_) : 0;
  auto end = platform::reap_with_usage(process_);
  if (!end) {
    children_.held_.insert(this);
    return;
  }
  end->own_time_us = own_time_us;
  children_.leave(process_.pid());
  const OnEnd on_end = std::move(on_end_);
  on_end(*end);
}

}  // namespace troupe::manager
