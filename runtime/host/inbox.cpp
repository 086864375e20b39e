// SPDX-License-Identifier: BSL-1.0
#include "host/inbox.hpp"

#include "platform/futex.hpp"

namespace troupe::host {

using Bell = channel::DoorbellProtocol<>;

void Inbox::wake() {
  const channel::Wake wake = Bell::look(bell_);
  if (wake.futex) platform::futex_wake(bell_.state, 1, platform::FutexScope::this_process);
  if (wake.event) event_.second.signal();
}

Mail Inbox::take() {
  const std::lock_guard lock(mutex_);
  has_mail_.store(false, std::memory_order_relaxed);
  return std::exchange(mail_, {});
}

Mail Inbox::wait() {
  while (!has_mail()) {
    const std::uint32_t armed = Bell::arm(bell_, channel::Rest::futex);
    if (!has_mail()) platform::futex_wait(bell_.state, armed, platform::FutexScope::this_process);
    Bell::disarm(bell_);
  }
  return take();
}

}  // namespace troupe::host
