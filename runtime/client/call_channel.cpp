// SPDX-License-Identifier: BSL-1.0
#include "client/call_channel.hpp"

#include <utility>

#include "client/session.hpp"

namespace troupe::client {

CallChannel::CallChannel(std::shared_ptr<Session> session, ChannelParts parts)
    : session_(std::move(session)),
      actor_(std::move(parts.actor)),
      key_(parts.key),
      type_(std::move(parts.type)),
      may_restart_(parts.may_restart),
      poison_after_(parts.poison_after),
      when_full_(parts.when_full),
      deadline_(parts.deadline),
      requests_(parts.may_restart ? platform::SharedMemory::adopt(parts.requests.handle().duplicate(), 0)
                                  : platform::SharedMemory()),
      client_event_(std::move(parts.client_event)),
      host_(std::move(parts.host)),
      pid_(actor_.pid),
      incarnation_(actor_.incarnation),
      end_(parts.geometry,
           {parts.requests, parts.replies, parts.states, std::move(parts.request_extents), std::move(parts.reply_extents)},
           std::move(parts.host_event)),
      pending_(std::make_unique<std::atomic<detail::ResultCell*>[]>(parts.geometry.slots)),
      report_(std::make_shared<detail::DeathReport>()),
      is_last_life_(!parts.may_restart),
      host_life_(std::move(parts.host_life)),
      life_word_(parts.life_word),
      spin_(parts.spin == Spin::learned) {}

ActorIdentity CallChannel::actor() const {
  ActorIdentity actor = actor_;
  actor.pid = pid_.load(std::memory_order_relaxed);
  actor.incarnation = incarnation();
  return actor;
}

void CallChannel::drop_references(std::uint32_t count) noexcept {
  if (references_.fetch_sub(count, std::memory_order_acq_rel) == count) delete this;
}

// Senders go through the link: without it nobody will take what is prepaid.
void CallChannel::drop_link_reference() noexcept {
  send_lock_.lock();
  const std::uint32_t prepaid = std::exchange(prepaid_references_, 0);
  send_lock_.unlock();
  drop_references(prepaid + 1);
}

// With the send lock held.
void CallChannel::take_prepaid_reference() noexcept {
  constexpr std::uint32_t kBatch = 4096;
  if (prepaid_references_ == 0) {
    references_.fetch_add(kBatch, std::memory_order_relaxed);
    prepaid_references_ = kBatch;
  }
  --prepaid_references_;
}

}  // namespace troupe::client
