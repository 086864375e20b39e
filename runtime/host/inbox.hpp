// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/actor_thread.hpp>

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "channel/doorbell.hpp"
#include "host/actor.hpp"
#include "host/served_channel.hpp"
#include "platform/event.hpp"

namespace troupe::host {

// What the control thread, and threads in which results come or calls go on, have for the main thread.
struct Mail {
  std::optional<Construction> construction;
  std::vector<std::shared_ptr<ServedChannel>> opened;
  std::vector<std::uint64_t> closed;  // channels by number; they may be among the opened ones
  std::list<std::uint64_t> ready;     // calls whose results have come, as the Deferrals number them
  std::vector<std::unique_ptr<detail::CallPart>> parts;
  std::optional<int> exit_code;  // set: end with it, after what has been sent is done
};

// Hands mail to the main thread, and wakes it if it sleeps; it says how by the same protocol as
// readers of rings do (channel/doorbell). Thread-safety: post any thread; the rest the main thread.
class Inbox {
 public:
  // `change`: (Mail&), adds something.
  template <class Change>
  void post(Change&& change) {
    {
      const std::lock_guard lock(mutex_);
      std::forward<Change>(change)(mail_);
      has_mail_.store(true, std::memory_order_release);
    }
    wake();
  }

  bool has_mail() const { return has_mail_.load(std::memory_order_acquire); }
  Mail take();
  // Blocks: until there is mail; the thread does nothing else meanwhile.
  Mail wait();

  channel::DoorbellWords<>& bell() { return bell_; }
  const platform::Event& event() const { return event_.first; }

 private:
  void wake();

  std::mutex mutex_;
  Mail mail_;  // guarded by mutex_
  std::atomic<bool> has_mail_{false};
  channel::DoorbellWords<> bell_;
  const std::pair<platform::Event, platform::Event> event_ = platform::Event::pair();  // the main thread's end, and ours
};

}  // namespace troupe::host
