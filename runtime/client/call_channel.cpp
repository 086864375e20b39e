// SPDX-License-Identifier: BSL-1.0
#include "client/call_channel.hpp"

#include <utility>

#include "client/session.hpp"

namespace troupe::client {

CallChannel::CallChannel(std::shared_ptr<Session> session, ChannelParts parts)
    : session_(std::move(session)),
      actor_(std::move(parts.actor)),
      when_full_(parts.when_full),
      deadline_(parts.deadline),
      client_event_(std::move(parts.client_event)),
      host_life_(std::move(parts.host_life)),
      life_word_(parts.life_word),
      host_(std::move(parts.host)),
      report_(std::make_shared<detail::DeathReport>()),
      end_(parts.geometry,
           {parts.requests, parts.replies, parts.states, std::move(parts.request_extents), std::move(parts.reply_extents)},
           std::move(parts.host_event)),
      pending_(std::make_unique<std::atomic<detail::ResultCell*>[]>(parts.geometry.slots)),
      spin_(parts.spin == Spin::learned) {}

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
