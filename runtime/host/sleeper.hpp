// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "channel/doorbell.hpp"
#include "host/inbox.hpp"
#include "host/served_channel.hpp"
#include "platform/event_set.hpp"
#include "platform/futex.hpp"

namespace troupe::host {

// Where the dispatcher waits when there is nothing to do: the one place in which the main thread sleeps while there is an
// actor. Watches the rings for a moment where that pays, then sleeps in the kernel: on the doorbells' words while they
// are few, else on the channels' events. Thread-safety: the dispatcher's thread.
class Sleeper {
 public:
  using Channels = std::span<const std::shared_ptr<ServedChannel>>;
  using TimePoint = std::chrono::steady_clock::time_point;

  // `most_futexes`: with more channels it sleeps on events.
  explicit Sleeper(Inbox& inbox, std::size_t most_futexes = platform::has_futex_wait_any() ? kMostFutexes : 0)
      : inbox_(inbox), most_futexes_(most_futexes) {
    targets_.reserve(most_futexes_ + 1);
  }

  // Blocks: until a channel has a request or room for what waits for it, or there is mail. May return early. `latest`: the
  // channel that was served last; may be null. False: `deadline` has passed.
  bool wait(Channels channels, ServedChannel* latest, TimePoint deadline = TimePoint::max());

  // The channel will not be waited for again.
  void forget(ServedChannel& channel) noexcept;

  static constexpr std::size_t kMostFutexes = 60;

 private:
  bool is_ready(Channels channels) const;
  void publish_processor(Channels channels);
  void sleep_on_futexes(Channels channels, TimePoint deadline);
  void sleep_on_events(Channels channels, TimePoint deadline);
  platform::EventSet& event_set(Channels channels);

  Inbox& inbox_;
  const std::size_t most_futexes_;
  std::vector<platform::FutexTarget> targets_;   // with room for all: sleeping allocates nothing
  std::optional<platform::EventSet> event_set_;  // once it was needed
};

}  // namespace troupe::host
