// SPDX-License-Identifier: BSL-1.0
#include <troupe/testing/fail.hpp>

#include <stdexcept>

#include "host/message_watch.hpp"
#include "platform/process.hpp"

namespace troupe::testing::detail {

namespace {

// Thread-safety: the thread that runs the actor.
class Countdown final : public host::MessageWatch {
 public:
  void begin(std::uint64_t count) { left_ = count; }
  void message_taken() override {
    if (--left_ == 0) platform::kill_this_process();
  }

 private:
  std::uint64_t left_ = 0;
};

Countdown countdown;

}  // namespace

void check_count(std::uint64_t count) {
  if (count == 0) throw std::invalid_argument("kill_at_message counts messages from 1: with n = 1 the next one kills");
}

void kill_at_message_here(std::uint64_t count) {
  countdown.begin(count);
  host::watch_messages(countdown);
}

}  // namespace troupe::testing::detail
