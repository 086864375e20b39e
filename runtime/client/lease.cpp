// SPDX-License-Identifier: BSL-1.0
#include <troupe/detail/growing_buffer.hpp>
#include <troupe/detail/lease.hpp>

#include <utility>
#include <vector>

#include "client/carried.hpp"
#include "client/link.hpp"
#include "client/session.hpp"

namespace troupe::detail {

void GrowingBuffer::carry(const LinkHandle& link) {
  if (link.get() == nullptr) return;
  if (carried_ == nullptr) carried_ = new Carried;
  carried_->add(link);
}

void GrowingBuffer::free_carried() noexcept { delete carried_; }

namespace {

// Those of that runtime; the manager counts each once.
std::vector<wire::ActorReference> actors_of(const Carried& carried, const client::Session& session) {
  std::vector<wire::ActorReference> actors;
  const client::Link* last = nullptr;
  for (const LinkHandle& handle : carried.links()) {
    const client::Link* link = handle.get();
    if (link->session().get() != &session || std::exchange(last, link) == link) continue;
    actors.push_back({link->actor().id, link->actor().key});
  }
  return actors;
}

}  // namespace

Lease Lease::begin(const Carried& carried, client::Session& session, std::uint64_t to_actor, std::uint64_t to_channel) {
  const auto actors = actors_of(carried, session);
  if (actors.empty()) return {};
  return {session.shared_from_this(), session.begin_lease(actors, {to_actor}, to_channel)};
}

Lease Lease::of_request(const Carried& carried, client::Link& receiver) {
  return begin(carried, *receiver.session(), receiver.actor().id.value, 0);
}

Lease Lease::of_reply(const Carried& carried, std::uint64_t channel) {
  for (const LinkHandle& link : carried.links()) {
    if (link.get()->session()->is_actor()) return begin(carried, *link.get()->session(), 0, channel);
  }
  return {};
}

Lease Lease::of_arguments(const Carried& carried, client::Session& session) { return begin(carried, session, 0, 0); }

Lease::~Lease() {
  if (session_ != nullptr) session_->end_own_lease(number_);
}

}  // namespace troupe::detail
