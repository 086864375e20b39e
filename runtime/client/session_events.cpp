// SPDX-License-Identifier: BSL-1.0
#include <troupe/error.hpp>

#include <chrono>
#include <utility>

#include "client/actor_wait.hpp"
#include "client/session.hpp"
#include "client/session_loop.hpp"
#include "wire/registry.hpp"

namespace troupe::client {

using platform::Handle;

// In the loop, each of these.

void Session::on_message(wire::ToClient message, std::vector<Handle> handles) {
  std::visit(
      [&](auto& each) {
        using Message = std::decay_t<decltype(each)>;
        if constexpr (std::is_same_v<Message, wire::ActorFalling>) {
          on_falling(each);
        } else if constexpr (std::is_same_v<Message, wire::ActorDown>) {
          on_down(each);
        } else if constexpr (std::is_same_v<Message, wire::ChannelBroken>) {
          on_broken(each);
        } else if constexpr (std::is_same_v<Message, wire::ReadReplies>) {
          on_unread(each);
        } else if constexpr (std::is_same_v<Message, wire::ActorUp>) {
          on_up(each.actor);
        } else if constexpr (std::is_same_v<Message, wire::ConfirmWait>) {
          confirm_wait(each);
        } else if constexpr (std::is_same_v<Message, wire::WaitsForEver>) {
          actor_wait_->note_for_ever(each);
        } else if constexpr (std::is_same_v<Message, wire::Printed>) {
          on_printed(std::move(each));
        } else if constexpr (std::is_same_v<Message, wire::GroupFailed>) {
          emit(GroupGaveUp{GroupId{each.group}, each.first_cause});
        } else if constexpr (std::is_same_v<Message, wire::ActorHangs>) {
          on_hang(each);
        } else if constexpr (std::is_same_v<Message, wire::Listed>) {
          if (gather(each.request, each.actors, each.more)) on_answer(each.request, message, handles);
        } else if constexpr (std::is_same_v<Message, wire::AllStopped>) {
          if (gather(each.request, each.killed, each.more)) on_answer(each.request, message, handles);
        } else if constexpr (requires { each.request; }) {
          on_answer(each.request, message, handles);
        }
      },
      message);
}

void Session::on_hang(const wire::ActorHangs& hang) {
  if (hang.is_over) return emit(Responsive{hang.actor, hang.incarnation});
  emit(Unresponsive{hang.actor, hang.method, hang.incarnation, std::chrono::nanoseconds(hang.running_ns), hang.backtrace});
}

// True when this was the last part of the list, which it is whole now.
bool Session::gather(std::uint64_t request, std::vector<ActorInfo>& list, bool has_more) {
  if (!has_more && !parts_.contains(request)) return true;  // nearly always
  auto& parts = parts_[request];
  for (ActorInfo& info : list) parts.push_back(std::move(info));
  if (has_more) return false;
  list = std::move(parts);
  parts_.erase(request);
  return true;
}

void Session::on_answer(std::uint64_t request, wire::ToClient& message, std::vector<Handle>& handles) {
  Answer answer;
  {
    const std::lock_guard lock(mutex_);
    const auto found = answers_.find(request);
    if (found == answers_.end()) return;
    answer = std::move(found->second);
    answers_.erase(found);
  }
  answer(&message, handles);
}

void Session::confirm_wait(const wire::ConfirmWait& asked) try {
  send(wire::StillWaits{asked.closer, asked.closer_number, actor_wait_->goes_on(asked.number)});
} catch (const std::exception&) {  // as tell_of_wait
}

CallChannel* Session::take_channel(ActorId id, bool is_gone) {
  const std::lock_guard lock(mutex_);
  const auto found = channels_.find(id);
  if (found == channels_.end()) return nullptr;
  CallChannel* channel = found->second;
  if (is_gone) {
    channels_.erase(found);
  } else {
    channel->add_reference();
  }
  return channel;
}

void Session::on_falling(const wire::ActorFalling& falling) {
  CallChannel* channel = take_channel(falling.actor, false);
  if (channel == nullptr) return;
  if (channel->incarnation() == falling.incarnation) channel->fall(Fall::host_died);
  channel->drop_reference();
}

void Session::on_broken(const wire::ChannelBroken& broken) {
  CallChannel* channel = take_channel(broken.actor, false);
  if (channel == nullptr) return;
  channel->break_off("the actor's process refuses what came through the channel: " + broken.text);
  channel->drop_reference();
}

// When nobody waits for a reply, nobody reads it; and its result may have been dropped.
void Session::on_unread(const wire::ReadReplies& unread) {
  CallChannel* channel = take_channel(unread.actor, false);
  if (channel == nullptr) return;
  try {
    channel->call_for(unread.lease);
  } catch (const Error&) {  // no handle is left: whoever reads next finds it
  }
  channel->drop_reference();
}

void Session::on_down(const wire::ActorDown& down) {
  Down event{down.actor, down.name, wire::readable_type(down.type.c_str()), down.incarnation, down.status, down.cause};
  if (down.is_answer) return note_link_down(event);
  event.will_restart = down.will_restart;
  tell_of_lost_output(down.actor, down.incarnation);
  if (down.will_restart) return life_ended(down, event);
  if (CallChannel* channel = take_channel(down.actor, true)) {
    if (channel->incarnation() == down.incarnation) channel->report()->complete(down.cause);
    channel->end(Fall::host_died, down.first_cause ? &*down.first_cause : nullptr, down.first_to_die);
    event.lost_tells = channel->lost_tells();
    loop_->forget(*channel);
    channel->drop_reference();
  }
  note_link_down(event);
  emit(event);
  if (down.first_cause) emit(GaveUp{down.actor, *down.first_cause});
}

void Session::on_up(const wire::ActorDescription& actor) {
  if (actor.incarnation > 1) {
    note_next_life(actor.id, actor.pid, actor.incarnation);
    emit(Restarted{actor.id, actor.incarnation, actor.pid});
  } else {
    emit(Spawned{actor.id, actor.name, wire::readable_type(actor.type.c_str()), actor.pid});
  }
}

void Session::note_link_down(const Down& down) {
  std::unique_ptr<Link> unused;
  const std::lock_guard lock(mutex_);
  const auto found = links_.find(down.actor);
  if (found == links_.end()) return;
  found->second->note_down(down);
  if (found->second->has_handles()) return;
  unused = std::move(found->second);  // it was kept for its callbacks
  links_.erase(found);
}

Down Session::parent_gone_down(const Link& link, const char* why) {
  Down down{link.actor().id, link.actor().name, wire::readable_type(link.type_name().c_str()), link.actor().incarnation, {}, {}};
  down.status.signal = 9;  // the kernel kills a manager's hosts with it
  down.cause.kind = DeathKind::parent_gone;
  down.cause.detail = why;
  down.cause.incarnation = link.actor().incarnation;
  return down;
}

void Session::note_all_links_down(const char* why) {
  std::vector<Down> downs;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, link] : links_) {
      downs.push_back(parent_gone_down(*link, why));
      CallChannel* channel = link->channel_or_null();
      if (channel != nullptr && channel->has_fallen()) downs.back().lost_tells = channel->lost_tells();
    }
  }
  for (const Down& down : downs) note_link_down(down);
}

void Session::on_manager_gone() {
  if (is_manager_gone_.exchange(true)) return;
  std::unordered_map<ActorId, CallChannel*> channels;
  std::unordered_map<std::uint64_t, Answer> answers;
  {
    const std::lock_guard lock(mutex_);
    channels.swap(channels_);
    answers.swap(answers_);
  }
  for (auto& [id, channel] : channels) {
    channel->report()->complete(DeathCause{.kind = DeathKind::parent_gone, .detail = "the manager process died"});
    channel->end(Fall::manager_died);
    loop_->forget(*channel);
    channel->drop_reference();
  }
  note_all_links_down("the manager process died");
  std::vector<Handle> none;
  for (auto& [request, answer] : answers) answer(nullptr, none);
  emit(ManagerDown{"the manager process died"});
}

void Session::emit(RuntimeEvent event) {
  std::vector<std::shared_ptr<detail::EventCallback>> callbacks;
  {
    const std::lock_guard lock(mutex_);
    callbacks = event_callbacks_;
  }
  if (callbacks.empty()) return;
  callbacks_.post([callbacks = std::move(callbacks), event = std::move(event)] {
    for (const auto& callback : callbacks) run_reporting("callback of on_event", [&] { callback->run(event); });
  });
}

}  // namespace troupe::client
