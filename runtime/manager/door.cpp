// SPDX-License-Identifier: BSL-1.0
#include "manager/door.hpp"

#include <exception>
#include <utility>

#include "platform/complaint.hpp"

namespace troupe::manager {

namespace {

constexpr int kMostPerTurn = 64;  // then others have their turn

}  // namespace

Door::Door(Loop& loop, const std::string& name, Callbacks callbacks)
    : callbacks_(std::move(callbacks)),
      listener_(name),
      signal_watch_(loop, signals_.handle().get(), [this] { signals_came(); }),
      watch_(std::make_unique<HandleWatch>(loop, listener_.handle().get(), [this] { let_in(); })) {}

// What there is no memory or handle for is that one's misfortune: it sees its connection closed.
void Door::let_in() {
  for (int count = 0; watch_ && count < kMostPerTurn; ++count) {
    try {
      auto peer = listener_.try_accept();
      if (!peer) return;
      callbacks_.on_client(std::move(*peer));
    } catch (const std::exception& error) {
      platform::complain("the manager could not let a client in: {}", error.what());
    }
  }
}

void Door::signals_came() {
  for (int left = signals_.take(); left > 0; --left) {
    if (!watch_) {
      callbacks_.on_later_signal();
    } else {
      shut();
      callbacks_.on_signal();
    }
  }
}

void Door::shut() {
  watch_.reset();
  listener_.stop_listening();
}

}  // namespace troupe::manager
