// SPDX-License-Identifier: BSL-1.0
#include "manager/door.hpp"

#include <chrono>
#include <exception>
#include <utility>

#include "platform/complaint.hpp"

namespace troupe::manager {

namespace {

constexpr int kMostPerTurn = 64;  // then others have their turn
constexpr std::chrono::milliseconds kPause(100);

}  // namespace

Door::Door(Loop& loop, const std::string& name, Callbacks callbacks)
    : callbacks_(std::move(callbacks)),
      listener_(name),
      signal_watch_(loop, signals_.handle().get(), [this] { signals_came(); }),
      loop_(loop),
      pause_(loop) {
  open();
}

void Door::open() {
  watch_ = std::make_unique<HandleWatch>(loop_, listener_.handle().get(), [this] { let_in(); });
}

// Who cannot be let in for want of handles waits outside, and would wake the loop for ever.
void Door::pause() {
  watch_.reset();
  pause_.start(kPause, [this] {
    try {
      open();
    } catch (const std::exception&) {
      pause();
    }
  });
}

// What there is no memory or handle for is that one's misfortune: it sees its connection closed.
void Door::let_in() {
  for (int count = 0; watch_ && count < kMostPerTurn; ++count) {
    try {
      auto peer = listener_.try_accept();
      if (!peer && listener_.is_starved()) return pause();
      if (!peer) return;
      callbacks_.on_client(std::move(*peer));
    } catch (const std::exception& error) {
      platform::complain("the manager could not let a client in: {}", error.what());
    }
  }
}

void Door::signals_came() {
  for (int left = signals_.take(); left > 0; --left) {
    if (is_shut_) {
      callbacks_.on_later_signal();
    } else {
      shut();
      callbacks_.on_signal();
    }
  }
}

void Door::shut() {
  is_shut_ = true;
  pause_.cancel();
  watch_.reset();
  listener_.stop_listening();
}

}  // namespace troupe::manager
