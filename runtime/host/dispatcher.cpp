// SPDX-License-Identifier: BSL-1.0
#include "host/dispatcher.hpp"

#include <troupe/error.hpp>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "platform/heap.hpp"
#include "platform/step_mark.hpp"

namespace troupe::host {

namespace {

constexpr std::chrono::seconds kQuiet(1);

// The one that runs in this thread.
thread_local Dispatcher* current = nullptr;

class Running {
 public:
  explicit Running(Dispatcher& dispatcher) { current = &dispatcher; }
  ~Running() { current = nullptr; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
};

}  // namespace

int Dispatcher::run(Mail first) {
  const Running running(*this);
  accept(std::move(first));
  for (;;) {
    if (inbox_.has_mail()) accept(inbox_.take());
    if (exit_code_ && is_drained()) {
      // Before the actor, which they may look at.
      for (const auto& channel : channels_) channel->streams.close_all();
      if (surroundings_.thread != nullptr) surroundings_.thread->shut();
      return *exit_code_;
    }
    if (!serve_all() && !sleeper_.wait(channels_, latest_, quiet_time_)) give_back_memory();
  }
}

void Dispatcher::accept(Mail mail) {
  for (auto& channel : mail.opened) {
    if (watch_ != nullptr) channel->methods.set_watch(*watch_);
    channels_.push_back(std::move(channel));
  }
  for (const std::uint64_t number : mail.closed) {
    const auto found =
        std::find_if(channels_.begin(), channels_.end(), [&](const auto& channel) { return channel->number == number; });
    if (found != channels_.end()) let_go(static_cast<std::size_t>(found - channels_.begin()));
    listener_.channel_closed(number);
  }
  for (const std::uint64_t number : mail.ready) answer_later(number);
  for (auto& part : mail.parts) surroundings_.thread->run(std::move(part));
  if (!mail.exit_code) return;
  exit_code_ = mail.exit_code;
  for (const auto& channel : channels_) channel->drain_until = channel->end.published_by_client();
}

// A client's count is its own word, so an empty ring is enough; the count ends a client that goes on sending.
bool Dispatcher::is_drained() const {
  return deferrals_.is_empty() && std::all_of(channels_.begin(), channels_.end(), [](const auto& channel) {
           const auto& end = channel->end;
           return !end.has_outbox() && (end.taken() >= channel->drain_until || !end.has_request());
         });
}

bool Dispatcher::serve_all() {
  bool has_served = false;
  for (std::size_t i = 0; i < channels_.size();) {
    const Outcome outcome = serve(*channels_[i]);
    if (outcome == Outcome::over) {
      let_go(i);
      continue;
    }
    if (outcome == Outcome::served) {
      latest_ = channels_[i].get();
      has_served = true;
    }
    ++i;
  }
  return has_served;
}

// What is sent after the stop is not begun any more.
unsigned Dispatcher::left_to_drain(const ServedChannel& channel) {
  const std::uint64_t taken = channel.end.taken();
  const std::uint64_t left = channel.drain_until - std::min(channel.drain_until, taken);
  return static_cast<unsigned>(std::min<std::uint64_t>(left, kBatch));
}

// Nothing of the user's is caught here: what a method throws has become a reply in Turn.
Dispatcher::Outcome Dispatcher::serve(ServedChannel& channel) {
  try {
    const Outcome outcome = serve_batch(channel);
    ring(channel);
    return outcome;
  } catch (const ProtocolError& error) {
    Turn::count_refused(surroundings_.status);
    break_off(channel, error.what());
    return Outcome::over;
  }
}

// It is let go of next.
void Dispatcher::break_off(ServedChannel& channel, const char* reason) {
  ring(channel);
  listener_.channel_broken(channel, reason);
}

void Dispatcher::answer_later(std::uint64_t number) {
  const auto item = deferrals_.take(number);
  if (!item) return;
  ServedChannel& channel = *item->channel;
  try {
    Turn(surroundings_, running_, channel, item->request).answer_later(*item->method, *item->cell, item->send);
    ring(channel);
  } catch (const ProtocolError& error) {
    break_off(channel, error.what());
    const auto found = std::find_if(channels_.begin(), channels_.end(), [&](const auto& each) { return each.get() == &channel; });
    let_go(static_cast<std::size_t>(found - channels_.begin()));
  }
}

Dispatcher::Outcome Dispatcher::serve_batch(ServedChannel& channel) {
  auto& end = channel.end;
  const unsigned most = exit_code_ ? left_to_drain(channel) : kBatch;
  unsigned served = 0;
  for (; served < most; ++served) {
    const auto request = end.next();
    if (!request) break;
    const bool has_taken =
        request->lease == 0 ? Turn(surroundings_, running_, channel, *request).take() : take_leased(channel, *request);
    if (!has_taken) return Outcome::over;
  }
  if (end.has_outbox() && end.flush_outbox()) channel.owed = Owed::reply;
  if (end.has_excess_extents()) end.trim_extents();
  if (end.take_large_mark()) note_large_payload();
  return served != 0 ? Outcome::served : Outcome::idle;
}

// Whether it ran, was refused or had been cancelled: from here on its lease keeps nothing.
bool Dispatcher::take_leased(ServedChannel& channel, const channel::HostEnd::Request& request) {
  if (!Turn(surroundings_, running_, channel, request).take()) return false;
  listener_.lease_read(channel, request.lease);
  return true;
}

// What the last turn owes; the turns before it have been rung for by the next one.
void Dispatcher::ring(ServedChannel& channel) {
  const Owed owed = std::exchange(channel.owed, Owed::nothing);
  if (owed != Owed::nothing) channel.end.ring_client(owed == Owed::reply);
  TROUPE_STEP_MARK("reply ends");
}

void Dispatcher::note_large_payload() { quiet_time_ = std::chrono::steady_clock::now() + kQuiet; }

void Dispatcher::give_back_memory() {
  quiet_time_ = Sleeper::TimePoint::max();
  platform::give_back_freed_memory();
}

void Dispatcher::watch_messages(MessageWatch& watch) {
  watch_ = &watch;
  for (const auto& channel : channels_) channel->methods.set_watch(watch);
}

void Dispatcher::let_go(std::size_t index) {
  ServedChannel& channel = *channels_[index];
  sleeper_.forget(channel);
  deferrals_.forget(channel);
  if (surroundings_.stops != nullptr) surroundings_.stops->let_go(channel.number);
  if (latest_ == &channel) latest_ = nullptr;
  const auto gone = std::move(channels_[index]);
  channels_.erase(channels_.begin() + static_cast<std::ptrdiff_t>(index));
  gone->streams.close_all();
}

Turn& running_turn() {
  Turn* const turn = current != nullptr ? current->running_turn() : nullptr;
  if (turn == nullptr)
    throw std::logic_error("troupe::this_call: no call runs here; ask in an actor's method, in the thread that runs it");
  return *turn;
}

void watch_messages(MessageWatch& watch) {
  if (current == nullptr) throw std::logic_error("messages are watched from an actor's method, in the thread that runs it");
  current->watch_messages(watch);
}

}  // namespace troupe::host
