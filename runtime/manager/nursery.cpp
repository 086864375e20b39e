// SPDX-License-Identifier: BSL-1.0
#include "manager/nursery.hpp"

#include <troupe/error.hpp>

#include <exception>
#include <system_error>
#include <utility>

#include "platform/complaint.hpp"
#include "platform/stray_children.hpp"

namespace troupe::manager {

namespace {

constexpr int kMostFailuresInARow = 3;

}  // namespace

Nursery::Nursery(Loop& loop, Children& children, Launcher& owner, Launcher::Listener& listener, Program program)
    : loop_(loop), children_(children), owner_(owner), listener_(listener), program_(std::move(program)) {}

Nursery::~Nursery() = default;

void Nursery::warm_up() {
  is_unwanted_ = false;
  if (zygote_ || cannot_fork_ || has_ended_) return;
  try {
    zygote_ = std::make_unique<ZygoteProcess>(loop_, children_, program_, binds_early_, *this);
  } catch (const std::exception& error) {
    fail_all(error.what());
  }
}

void Nursery::add(LaunchOrder order) {
  is_unwanted_ = false;
  if (cannot_fork_) return owner_.execute(order);
  const std::uint64_t number = order.number;
  Waiting& waiting = waiting_[number];
  waiting.order = std::move(order);
  if (zygote_ && zygote_->is_ready()) return send(waiting);
  warm_up();
}

void Nursery::send(Waiting& waiting) {
  const std::uint64_t number = waiting.order.number;
  try {
    auto [ours, theirs] = platform::ControlSocket::pair();
    waiting.socket = std::move(ours);
    waiting.was_sent = true;
    zygote_->fork(number, theirs);
  } catch (const std::system_error& error) {
    waiting_.erase(number);
    listener_.launch_failed(number, error.what());
  }
}

// Without its socket a host that comes up all the same ends at once.
void Nursery::cancel(std::uint64_t number, bool is_too_late) {
  const auto found = waiting_.find(number);
  if (found == waiting_.end()) return;
  const bool was_sent = found->second.was_sent;
  if (was_sent) {
    found->second.is_cancelled = true;
    found->second.socket = {};
  } else {
    waiting_.erase(found);
  }
  if (is_too_late && zygote_ && (was_sent || !zygote_->is_ready())) zygote_->kill();  // others are ordered again
}

void Nursery::end() {
  has_ended_ = true;
  if (zygote_) zygote_->kill();
}

void Nursery::give_up() {
  if (std::exchange(is_unwanted_, true) || has_ended_) return;
  zygote_ ? zygote_->kill() : owner_.given_up();
}

void Nursery::zygote_ready() {
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    const std::uint64_t number = next->first;
    if (!next->second.was_sent) send(next->second);
    next = waiting_.upper_bound(number);  // what fails may have others called off
  }
}

void Nursery::zygote_cannot_fork(const std::string& reason) {
  cannot_fork_ = true;
  zygote_->kill();
  for (auto& [number, waiting] : std::exchange(waiting_, {})) {
    if (!waiting.is_cancelled) owner_.execute(waiting.order);
  }
  platform::complain("{} cannot be forked, so each actor starts by executing it: {}", program_.path, reason);
}

Nursery::Waiting Nursery::take(std::uint64_t request) {
  auto node = waiting_.extract(request);
  if (node.empty() || !node.mapped().was_sent) throw ProtocolError("it speaks of a fork that it was not asked for");
  return std::move(node.mapped());
}

void Nursery::forked(std::uint64_t request, int pid) {
  if (!platform::is_own_child(pid)) throw ProtocolError("it reports a child that is none");
  if (children_.knows(pid)) throw ProtocolError("it reports a child that is known already");
  Waiting waiting = take(request);
  failures_in_a_row_ = 0;
  platform::Process process;
  try {
    process = platform::Process::open(pid);
  } catch (const std::system_error& error) {  // no handle left; the child ends with its socket
    children_.expect_strays();
    if (!waiting.is_cancelled) listener_.launch_failed(request, error.what());
    return;
  }
  if (waiting.is_cancelled) return children_.end(std::move(process));
  listener_.launched(request, {std::move(waiting.socket), std::move(process)});
}

void Nursery::fork_failed(std::uint64_t request, const std::string& reason) {
  if (!take(request).is_cancelled) listener_.launch_failed(request, reason);
}

// A fork that was ordered may have happened without our hearing of it. That child has been sent nothing yet, and ends when
// its socket closes: so the order can go to another zygote.
void Nursery::recall_forks() {
  bool has_strays = false;
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    Waiting& waiting = next->second;
    has_strays |= waiting.was_sent;
    waiting.was_sent = false;
    waiting.socket = {};
    next = waiting.is_cancelled ? waiting_.erase(next) : std::next(next);
  }
  if (has_strays) children_.expect_strays();
}

void Nursery::zygote_ended(const std::string& reason, ZygoteProcess::Chance chance) {
  zygote_.reset();
  recall_forks();
  if (chance == ZygoteProcess::Chance::if_bound_late) binds_early_ = false;
  if (is_given_up()) owner_.given_up();
  if (waiting_.empty()) return;
  if (chance != ZygoteProcess::Chance::none && ++failures_in_a_row_ < kMostFailuresInARow) return warm_up();
  failures_in_a_row_ = 0;
  fail_all(reason);
}

void Nursery::fail_all(const std::string& reason) {
  for (auto& [number, waiting] : std::exchange(waiting_, {})) listener_.launch_failed(number, reason);
}

}  // namespace troupe::manager
