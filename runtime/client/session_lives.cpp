// SPDX-License-Identifier: BSL-1.0
// How channels go from one life of their actor to the next.
#include <troupe/error.hpp>

#include <array>
#include <exception>
#include <memory>
#include <utility>
#include <variant>

#include "client/refusal.hpp"
#include "client/session.hpp"
#include "client/session_loop.hpp"

namespace troupe::client {

using platform::Handle;

// The manager has the answer when the next life is constructed, or will never be. Before that it says so on its own, too; then
// the answer comes to a channel that has ended.
void Session::ask_for_next_life(CallChannel& channel) {
  try {
    channel.add_reference();
    ChannelReference own(&channel);
    const auto reference = std::make_shared<ChannelReference>(std::move(own));
    auto events = std::make_shared<std::pair<platform::Event, platform::Event>>(platform::Event::pair());
    wire::Attach message = channel.offer_to_next_life();
    const auto [requests, extents] = channel.request_handles();
    const std::array handles{requests, extents, events->second.handle().get()};
    message.request = expect([this, reference, events](wire::ToClient* answer, std::vector<Handle>& came) {
      CallChannel& waiting = **reference;
      if (answer == nullptr) return waiting.end(is_closing_ ? Fall::runtime_stopped : Fall::manager_died);
      if (const auto* refused = std::get_if<wire::Refused>(answer)) return waiting.fail_to_reopen(refused->failure.text);
      const auto& opened = answer_in<wire::Opened>(*answer);
      try {
        begin_next_life(waiting, std::move(events->first), opened, came);
      } catch (const std::exception& error) {
        waiting.fail_to_reopen(error.what());
        leave_channel(opened);
      }
    });
    send_request(message, handles);
  } catch (const RuntimeStopped&) {
    channel.end(Fall::runtime_stopped);
  } catch (const ManagerDied&) {
    channel.end(Fall::manager_died);
  } catch (const std::exception& error) {  // out of handles, memory
    channel.fail_to_reopen(error.what());
  }
}

void Session::begin_next_life(CallChannel& channel, platform::Event event, const wire::Opened& opened,
                              std::vector<Handle>& handles) {
  check_handles(handles);
  NextLife life = life_of(opened, channel.geometry(), handles);
  life.client_event = std::move(event);
  loop_->forget(channel);
  note_next_life(opened.actor.id, life.pid, life.incarnation);
  if (!channel.reopen(std::move(life))) leave_channel(opened);
}

void Session::note_next_life(ActorId actor, int pid, unsigned incarnation) {
  const std::lock_guard lock(mutex_);
  if (const auto found = links_.find(actor); found != links_.end()) found->second->note_life(pid, incarnation);
}

// Not the actor: calls to it wait.
void Session::life_ended(const wire::ActorDown& down, const Down& event) {
  CallChannel* channel = take_channel(down.actor, false);
  if (channel != nullptr && channel->incarnation() == down.incarnation) {
    channel->report()->complete(down.cause);
    channel->fall(Fall::host_died);
  }
  if (channel != nullptr) channel->drop_reference();
  emit(event);
}

}  // namespace troupe::client
