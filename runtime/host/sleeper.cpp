// SPDX-License-Identifier: BSL-1.0
#include "host/sleeper.hpp"

#include <algorithm>

#include "platform/processor.hpp"

namespace troupe::host {

using Bell = channel::DoorbellProtocol<>;
using channel::Rest;

bool Sleeper::wait(Channels channels, ServedChannel* latest, TimePoint deadline) {
  publish_processor(channels);
  if (latest != nullptr) {
    const std::uint32_t peer_processor = latest->end.client_bell().processor.load(std::memory_order_relaxed);
    if (latest->spin.spin_until([&] { return is_ready(channels); }, peer_processor)) return true;
  }
  const std::uint64_t begin = platform::ticks();
  if (channels.size() > most_futexes_) {
    sleep_on_events(channels, deadline);
  } else {
    sleep_on_futexes(channels, deadline);
  }
  if (latest != nullptr) latest->spin.slept(platform::ticks() - begin);
  return deadline == TimePoint::max() || std::chrono::steady_clock::now() < deadline;
}

bool Sleeper::is_ready(Channels channels) const {
  return inbox_.has_mail() || std::any_of(channels.begin(), channels.end(), [](const auto& channel) {
           return channel->end.has_request() || (channel->end.wants_room() && channel->end.has_new_room());
         });
}

void Sleeper::publish_processor(Channels channels) {
  const std::uint32_t own = platform::current_processor();
  for (const auto& channel : channels) {
    auto& word = channel->end.host_bell().processor;
    if (word.load(std::memory_order_relaxed) != own) word.store(own, std::memory_order_relaxed);
  }
}

void Sleeper::sleep_on_futexes(Channels channels, TimePoint deadline) {
  targets_.clear();
  targets_.push_back({&inbox_.bell().state, Bell::arm(inbox_.bell(), Rest::futex), platform::FutexScope::this_process});
  for (const auto& channel : channels) {
    auto& bell = channel->end.host_bell();
    targets_.push_back({&bell.state, Bell::arm(bell, Rest::futex, channel->end.wants_room()), platform::FutexScope::shared});
  }
  if (!is_ready(channels)) {
    if (channels.empty()) {
      platform::futex_wait(inbox_.bell().state, targets_.front().expected, platform::FutexScope::this_process, deadline);
    } else {
      platform::futex_wait_any(targets_, deadline);
    }
  }
  Bell::disarm(inbox_.bell());
  for (const auto& channel : channels) Bell::disarm(channel->end.host_bell());
}

void Sleeper::sleep_on_events(Channels channels, TimePoint deadline) {
  auto& events = event_set(channels);
  Bell::arm(inbox_.bell(), Rest::event);
  for (const auto& channel : channels) Bell::arm(channel->end.host_bell(), Rest::event, channel->end.wants_room());
  if (!is_ready(channels)) events.wait(deadline);
  Bell::disarm(inbox_.bell());
  for (const auto& channel : channels) Bell::disarm(channel->end.host_bell());
}

platform::EventSet& Sleeper::event_set(Channels channels) {
  if (!event_set_) event_set_.emplace().add(inbox_.event());
  for (const auto& channel : channels) {
    if (channel->is_in_event_set) continue;
    event_set_->add(channel->event);
    channel->is_in_event_set = true;
  }
  return *event_set_;
}

void Sleeper::forget(ServedChannel& channel) noexcept {
  if (channel.is_in_event_set) event_set_->remove(channel.event);
  channel.is_in_event_set = false;
}

}  // namespace troupe::host
