// SPDX-License-Identifier: BSL-1.0
// From one life of an actor to the next: what waits meanwhile is in the queue, and the reader's role is nobody's.
#include <exception>
#include <utility>

#include "client/call_channel.hpp"
#include "client/session.hpp"

namespace troupe::client {

// Instead of leaving the role. False: the actor has ended meanwhile, and so has all that waited.
bool CallChannel::park() {
  must_park_ = false;
  bool is_parked = false;
  {
    const std::lock_guard lock(lives_mutex_);
    is_parked = is_parked_ = !is_last_life_;
  }
  if (is_parked) {
    session_->ask_for_next_life(*this);
  } else {
    end_parked();
  }
  return is_parked;
}

void CallChannel::end_parked() {
  is_ended_ = true;
  {
    const std::lock_guard lock(send_lock_);
    gate_ = Gate::closed;
  }
  bequeath(settle());
}

void CallChannel::end(Fall why, const DeathCause* first_cause, const std::string& first_to_die) {
  if (first_cause != nullptr) {
    auto report = std::make_shared<detail::DeathReport>();
    report->complete(*first_cause);
    const std::lock_guard lock(text_mutex_);
    first_report_ = std::move(report);
    first_to_die_ = first_to_die;
  }
  if (!unpark(Lives::no_more)) return fall(why);
  fall_ = why;
  end_parked();
  leave_read_role();
}

// True: the role is the caller's now.
bool CallChannel::unpark(Lives lives) {
  const std::lock_guard lock(lives_mutex_);
  if (lives == Lives::no_more) is_last_life_ = true;
  return std::exchange(is_parked_, false);
}

void CallChannel::fail_to_reopen(const std::string& why) {
  if (!unpark(Lives::no_more)) return;
  note_fault(why);
  fall_ = Fall::not_reopened;
  end_parked();
  leave_read_role();
}

wire::Attach CallChannel::offer_to_next_life() {
  const std::lock_guard lock(send_lock_);
  const channel::Geometry& geometry = end_.geometry();
  return {.request = 0,
          .actor = actor_.id,
          .key = key_,
          .type = type_,
          .offer = {geometry.slots, geometry.request_cells, geometry.reply_cells, geometry.payload_bytes,
                    static_cast<std::uint8_t>(spin_.is_enabled() ? Spin::learned : Spin::never), end_.empty_for_next_life()},
          .after_incarnation = incarnation()};
}

std::array<int, 2> CallChannel::request_handles() const {
  return {requests_.handle().get(), end_.request_extents().handle().get()};
}

// The watch on the last life's handles goes with them.
bool CallChannel::reopen(NextLife next) {
  if (!unpark(Lives::more)) return false;
  try {
    client_event_.replace(std::move(next.client_event));
    host_.replace(std::move(next.host));
    const bool needs_watch = is_event_watched_.exchange(false) || !next.life_word || !platform::has_futex_wait_any();
    if (needs_watch || has_spill_) have_loop_watch();
    enter(next);
  } catch (const std::exception& error) {  // out of handles, memory, address space
    {
      const std::lock_guard lock(lives_mutex_);
      is_last_life_ = true;
    }
    note_fault(error.what());
    fall_ = Fall::not_reopened;
    end_parked();
    leave_read_role();
    return false;
  }
  flush_spill();
  note_room();
  leave_read_role();
  return true;
}

// Nobody touches the old life's memory: senders queue up, the reader is this thread; and who looks at its words meets either.
void CallChannel::enter(NextLife& next) {
  auto report = std::make_shared<detail::DeathReport>();
  const std::lock_guard lock(send_lock_);
  end_.reopen(std::move(next.end));
  host_life_ = std::move(next.host_life);
  life_word_ = next.life_word;
  pid_ = next.pid;
  incarnation_ = next.incarnation;
  seen_progress_ = 0;
  are_tells_taken_back_ = false;
  {
    const std::lock_guard text_lock(text_mutex_);
    last_report_ = std::exchange(report_, std::move(report));
    death_text_.clear();
    fault_.clear();
  }
  is_judged_ = false;
  fall_ = Fall::none;
  gate_ = Gate::open;
}

}  // namespace troupe::client
