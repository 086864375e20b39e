// SPDX-License-Identifier: BSL-1.0
#include "host/stop_requests.hpp"

#include <algorithm>
#include <thread>

#include "platform/process.hpp"

namespace troupe::host {

void StopRequests::ask(const std::shared_ptr<ServedChannel>& channel, channel::Ticket ticket,
                       std::optional<std::chrono::nanoseconds> force) {
  const std::lock_guard lock(mutex_);
  if (!channel->end.is_started(ticket)) return;
  const Slot slot{channel->number, ticket.slot};
  asked_[slot] = ticket.generation;
  const auto watched = watched_.find(slot);
  if (watched != watched_.end() && watched->second.generation == ticket.generation) due_.push_back(watched->second.source);
  has_due_.notify_one();
  if (!force) return;
  have_force_thread();
  forced_.push_back({channel, ticket, Timeout(*force).after(Clock::now())});
  has_forced_.notify_one();
}

void StopRequests::forget(std::uint64_t channel) {
  const std::lock_guard lock(mutex_);
  asked_.erase(asked_.lower_bound({channel, 0}), asked_.upper_bound({channel, UINT16_MAX}));
}

std::stop_token StopRequests::token_of(std::uint64_t channel, channel::Ticket ticket) {
  const std::lock_guard lock(mutex_);
  have_token_thread();
  const Slot slot{channel, ticket.slot};
  const auto [watched, is_new] = watched_.try_emplace(slot, Watched{ticket.generation});
  if (is_new && is_asked(slot, ticket.generation)) watched->second.source.request_stop();  // nobody has a callback yet
  return watched->second.source.get_token();
}

bool StopRequests::was_asked(std::uint64_t channel, channel::Ticket ticket) const {
  const std::lock_guard lock(mutex_);
  return is_asked({channel, ticket.slot}, ticket.generation);
}

void StopRequests::is_over(std::uint64_t channel, channel::Ticket ticket) {
  const std::lock_guard lock(mutex_);
  watched_.erase({channel, ticket.slot});
  if (is_asked({channel, ticket.slot}, ticket.generation)) asked_.erase({channel, ticket.slot});
}

bool StopRequests::is_asked(Slot slot, std::uint32_t generation) const {
  const auto found = asked_.find(slot);
  return found != asked_.end() && found->second == generation;
}

void StopRequests::let_go(std::uint64_t channel) {
  const std::lock_guard lock(mutex_);
  watched_.erase(watched_.lower_bound({channel, 0}), watched_.upper_bound({channel, UINT16_MAX}));
}

void StopRequests::have_token_thread() {
  if (has_token_thread_) return;
  std::thread([this] { set_tokens(); }).detach();
  has_token_thread_ = true;
}

void StopRequests::have_force_thread() {
  if (has_force_thread_) return;
  std::thread([this] { use_force(); }).detach();
  has_force_thread_ = true;
}

void StopRequests::set_tokens() {
  std::unique_lock lock(mutex_);
  for (;;) {
    has_due_.wait(lock, [this] { return !due_.empty(); });
    std::vector<std::stop_source> due = std::exchange(due_, {});
    lock.unlock();
    for (std::stop_source& source : due) source.request_stop();
    lock.lock();
  }
}

void StopRequests::use_force() {
  std::unique_lock lock(mutex_);
  for (;;) {
    end_if_due(Clock::now());
    if (const auto next = next_end(); next == Clock::time_point::max()) {
      has_forced_.wait(lock);
    } else {
      has_forced_.wait_until(lock, next);
    }
  }
}

// A call that ends in this very moment takes the next one's process with it: as if that had been killed by somebody else.
void StopRequests::end_if_due(Clock::time_point now) {
  std::erase_if(forced_, [&](const Forced& each) {
    if (each.when > now) return false;
    const auto channel = each.channel.lock();
    if (channel != nullptr && channel->end.is_started(each.ticket)) {
      status_.was_ended_by_caller.store(1, std::memory_order_release);
      platform::kill_this_process();
    }
    return true;
  });
}

StopRequests::Clock::time_point StopRequests::next_end() const {
  auto next = Clock::time_point::max();
  for (const Forced& each : forced_) next = std::min(next, each.when);
  return next;
}

}  // namespace troupe::host
