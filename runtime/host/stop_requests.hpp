// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "channel/geometry.hpp"
#include "host/served_channel.hpp"
#include "platform/life_page.hpp"

namespace troupe::host {

// Callers that do not want their running calls any more: the control thread asks, the method's thread looks, or hears of it by a
// token. What is asked of a call that is over has no effect.
// Thread-safety: full. Lives as long as the process, and so do its two threads, which the first token and the first force start:
// the one runs the callbacks of tokens, which are code of the user's; the other must not be held up by that.
class StopRequests {
 public:
  // `status`: says why, when the process is ended by force.
  explicit StopRequests(platform::LifeStatus& status) : status_(status) {}
  StopRequests(const StopRequests&) = delete;
  StopRequests& operator=(const StopRequests&) = delete;

  // The call shall stop; where it still runs after `force`, the process ends. Errors: std::system_error (no thread for that).
  void ask(const std::shared_ptr<ServedChannel>& channel, channel::Ticket ticket, std::optional<std::chrono::nanoseconds> force);
  void forget(std::uint64_t channel);  // its client has gone

  // In the thread that runs the call.
  // Errors: std::system_error (no thread to set it in).
  std::stop_token token_of(std::uint64_t channel, channel::Ticket ticket);
  bool was_asked(std::uint64_t channel, channel::Ticket ticket) const;
  void is_over(std::uint64_t channel, channel::Ticket ticket);
  // Of this channel no call is answered any more.
  void let_go(std::uint64_t channel);

 private:
  using Clock = std::chrono::steady_clock;
  using Slot = std::pair<std::uint64_t, std::uint16_t>;  // channel, slot
  struct Watched {
    std::uint32_t generation = 0;
    std::stop_source source{};
  };
  struct Forced {
    std::weak_ptr<ServedChannel> channel;
    channel::Ticket ticket;
    Clock::time_point when;
  };

  bool is_asked(Slot slot, std::uint32_t generation) const;
  void have_token_thread();
  void have_force_thread();
  [[noreturn]] void set_tokens();
  [[noreturn]] void use_force();
  void end_if_due(Clock::time_point now);
  Clock::time_point next_end() const;

  platform::LifeStatus& status_;
  mutable std::mutex mutex_;
  std::condition_variable has_due_;
  std::condition_variable has_forced_;
  // Guarded by mutex_:
  std::map<Slot, std::uint32_t> asked_;  // by slot: the newest generation that shall stop
  std::map<Slot, Watched> watched_;      // calls that run and have asked for their token
  std::vector<std::stop_source> due_;    // shall be set, in a thread that may run the method's callbacks
  std::vector<Forced> forced_;
  bool has_token_thread_ = false;
  bool has_force_thread_ = false;
};

}  // namespace troupe::host
