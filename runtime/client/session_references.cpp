// SPDX-License-Identifier: BSL-1.0
#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include "client/session.hpp"
#include "platform/fork_mark.hpp"

// What this process holds, and what it has sent or received under a lease, as far as the manager has to know.
namespace troupe::client {

namespace {

constexpr std::size_t kMostActorsInAMessage = 4096;

// Of this process, whichever of its sessions counts: the manager knows a process by its actor. They begin with the time of the
// process's first, in nanoseconds: what an actor's last life has sent may be on its way still.
std::atomic<std::uint64_t> last_lease{0};

std::uint64_t next_lease() {
  std::uint64_t none = 0;
  last_lease.compare_exchange_strong(
      none, static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()), std::memory_order_relaxed);
  return last_lease.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

detail::LinkHandle Session::link_to(const detail::LinkWire& wire, std::string type_name) {
  wire::ActorDescription actor;
  actor.id = wire.id;
  actor.key = {wire.key_high, wire.key_low};
  actor.name = wire.name;
  actor.pid = wire.pid;
  actor.incarnation = wire.incarnation;
  actor.mailbox_calls = wire.mailbox_calls;
  actor.mailbox_bytes = wire.mailbox_bytes;
  actor.mailbox_payload = wire.mailbox_payload;
  return add_link(std::move(actor), std::move(type_name), Grant::none, nullptr);
}

// A link that no answer has granted to this process claims a grant of its own: with Hold, while the handle that is being made
// keeps the link. So a Hold is always sent before the Release that gives it back, and since grants are counted it does not
// matter how it mixes with the Release of a link of the same actor that has just gone.
detail::LinkHandle Session::add_link(wire::ActorDescription actor, std::string type_name, Grant grant, CallChannel* channel) {
  const wire::Hold hold{actor.id, actor.key};
  std::optional<detail::LinkHandle> handle;
  bool must_hold = false;
  {
    const std::lock_guard lock(mutex_);
    const auto known = links_.find(hold.actor);
    Link* link = known != links_.end() ? known->second.get() : nullptr;
    if (link != nullptr && !(link->actor().key == hold.key)) {
      throw NoSuchActor(
          fmt::format("this proxy is of an actor of another runtime, which cannot be reached from here; it is not actor {} "
                      "of this one",
                      hold.actor.value));
    }
    if (link == nullptr) {
      auto made = std::make_unique<Link>(shared_from_this(), std::move(actor), std::move(type_name));
      link = (links_[hold.actor] = std::move(made)).get();
      if (channel == nullptr) {
        if (const auto open = channels_.find(hold.actor); open != channels_.end()) channel = open->second;
      }
    }
    if (channel != nullptr && link->channel_or_null() == nullptr) link->set_channel(*channel);
    must_hold = grant == Grant::none && link->grants() == 0;
    if (must_hold || grant == Grant::given) link->add_grant();
    link->add_handle();
    handle.emplace(link);
  }
  if (must_hold) send(hold);
  return std::move(*handle);
}

// The last handle of a link has gone; unless another one came meanwhile, the link goes.
void Session::forget_unused(ActorId id) noexcept {
  if (platform::is_forked_child()) return;
  std::unique_ptr<Link> unused;
  std::uint64_t grants = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto found = links_.find(id);
    if (found == links_.end() || found->second->has_handles()) return;
    grants = found->second->take_grants();
    if (found->second->is_down()) grants = 0;
    if (!found->second->has_down_callbacks() || is_closing_) {
      unused = std::move(found->second);
      links_.erase(found);
    }
  }
  if (grants != 0 && !is_manager_gone_) release(id, grants);
}

// The manager that cannot be told is about to go, and the actor with it.
void Session::release(ActorId id, std::uint64_t grants) noexcept {
  try {
    send(wire::Release{id, grants});
  } catch (const std::exception&) {
  }
}

std::uint64_t Session::begin_lease(std::span<const wire::ActorReference> actors, ActorId to_actor, std::uint64_t to_channel) {
  wire::Lease lease{.number = next_lease(), .to_actor = to_actor, .to_channel = to_channel, .actors = {}};
  for (; !actors.empty(); actors = actors.subspan(lease.actors.size())) {
    const auto part = actors.first(std::min(actors.size(), kMostActorsInAMessage));
    lease.actors.assign(part.begin(), part.end());
    send(lease);
  }
  return lease.number;
}

void Session::end_own_lease(std::uint64_t number) noexcept {
  tell({.what = wire::LeaseNews::What::over, .from = {}, .number = number});
}

void Session::end_lease_of(ActorId sender, std::uint64_t number) noexcept {
  tell({.what = wire::LeaseNews::What::over, .from = sender, .number = number});
}

void Session::note_received(ActorId sender, std::uint64_t number) noexcept {
  tell({.what = wire::LeaseNews::What::received, .from = sender, .number = number});
}

void Session::note_read_to_end(ActorId sender) noexcept {
  tell({.what = wire::LeaseNews::What::read_to_end, .from = sender, .number = 0});
}

// Likewise: then nothing is kept any more.
void Session::tell(const wire::LeaseNews& news) noexcept {
  if (is_manager_gone_) return;
  try {
    send(news);
  } catch (const std::exception&) {
  }
}

}  // namespace troupe::client
