// SPDX-License-Identifier: BSL-1.0
#include "pool/actor_pool_members.hpp"

#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <new>
#include <utility>

#include "platform/random.hpp"
#include "pool/actor_pool_options.hpp"
#include "wire/registry.hpp"

namespace troupe::pool {

using client::CallChannel;
using detail::PoolKey;
using Clock = std::chrono::steady_clock;

// What the router sees of the members: those that live, and whose breakers allow it.
class Members::View {
 public:
  View(const std::vector<MemberReference>& members, bool is_of_key) : members_(members), is_of_key_(is_of_key) {}

  std::size_t size() const { return members_.size(); }
  bool may_take(std::size_t i) const {
    const Member& member = *members_[i];
    // Between two lives it keeps its keys, but is no better than another one for what has none.
    const bool is_away = is_of_key_ ? member.channel.is_lost() : member.channel.has_fallen();
    return !is_away && (!member.breaker.is_open() || member.breaker.allows(Clock::now(), member.channel.answered()));
  }
  std::uint64_t load(std::size_t i) const { return members_[i]->channel.outstanding(); }
  std::uint64_t place(std::size_t i) const { return members_[i]->place; }

 private:
  const std::vector<MemberReference>& members_;
  const bool is_of_key_;
};

// The pool may have gone by then.
class Members::MemberHeir final : public client::Heir {
 public:
  MemberHeir(std::weak_ptr<Members> members, const CallChannel& channel) : members_(std::move(members)), channel_(channel) {}

  void note_end(bool is_last) noexcept override {
    if (const auto members = members_.lock()) members->note_end(channel_, is_last);
  }
  void note_expiry() noexcept override {
    if (const auto members = members_.lock()) members->note_expiry(channel_);
  }
  std::shared_ptr<client::MovedCall> new_call(CallChannel& from, detail::ResultCell& cell) override {
    return std::make_shared<client::MovedCall>(from, cell);
  }
  void inherit(std::shared_ptr<client::MovedCall> call) noexcept override {
    if (const auto members = members_.lock()) members->inherit(std::move(call));
  }

 private:
  const std::weak_ptr<Members> members_;
  const CallChannel& channel_;  // which owns this
};

Members::Members(std::shared_ptr<client::Session> session, const ActorPoolOptions& options,
                 std::unique_ptr<detail::PoolRecipe> recipe)
    : session_(std::move(session)),
      options_(checked(options)),
      recipe_(std::move(recipe)),
      router_(options_.routing, platform::random_bits()),
      replacement_(options_.backoff, options_.short_after) {}

Members::MemberReference Members::choose(const PoolKey& key) {
  const std::lock_guard lock(mutex_);
  if (MemberReference member = pick(key)) return member;
  return last_ != nullptr ? last_ : members_.front();
}

Members::MemberReference Members::choose_living(const PoolKey& key) {
  const std::lock_guard lock(mutex_);
  return pick(key);
}

Members::MemberReference Members::pick(const PoolKey& key) {
  const View view(members_, key.has_value());
  const auto index = key ? Router::of_key(view, *key) : router_.next(view);
  if (!index) return pick_soonest();
  const MemberReference& chosen = members_[*index];
  if (chosen->breaker.is_open()) chosen->breaker.note_called(Clock::now(), chosen->channel.answered());
  return chosen;
}

// For want of a better one: one that lives, though its breaker is open; else one that will live again.
Members::MemberReference Members::pick_soonest() const {
  MemberReference best;
  const auto rank = [](const Member& member) { return std::pair(member.channel.has_fallen(), member.breaker.until()); };
  for (const auto& each : members_) {
    if (!each->channel.is_lost() && (best == nullptr || rank(*each) < rank(*best))) best = each;
  }
  if (best != nullptr) best->breaker.note_called(Clock::now(), best->channel.answered());
  return best;
}

std::vector<Members::MemberReference> Members::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<MemberReference> living;
  for (const auto& each : members_) {
    if (!each->channel.is_lost()) living.push_back(each);
  }
  return living;
}

std::size_t Members::wanted() const {
  const std::lock_guard lock(mutex_);
  return replacement_.wanted();
}

std::size_t Members::calls_in_flight() const { return options_.calls_in_flight * wanted(); }

std::optional<std::size_t> Members::index_of(const CallChannel& channel) const {
  const auto found = std::find_if(members_.begin(), members_.end(), [&](const auto& each) { return &each->channel == &channel; });
  if (found == members_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - members_.begin());
}

std::vector<std::size_t> Members::free_places(std::size_t count) const {
  std::vector<std::size_t> places;
  const auto has_name = [&](const Member& each) {
    return each.is_retired && !options_.spawn.name.empty() && !each.link.get()->is_down();
  };
  const auto is_free = [&](std::size_t place) {
    const auto has_place = [&](const auto& each) { return each.place == place; };
    return std::none_of(members_.begin(), members_.end(), [&](const auto& each) { return has_place(*each); }) &&
           std::none_of(starts_.begin(), starts_.end(), has_place) &&
           std::none_of(leaving_.begin(), leaving_.end(),
                        [&](const auto& each) { return has_place(*each) && has_name(*each); }) &&
           std::find(reserved_.begin(), reserved_.end(), place) == reserved_.end();
  };
  for (std::size_t place = 0; places.size() < count; ++place) {
    if (is_free(place)) places.push_back(place);
  }
  return places;
}

void Members::note_end(const CallChannel& channel, bool is_last) noexcept {
  {
    const std::lock_guard lock(mutex_);
    const auto index = index_of(channel);
    if (!index) return;  // it was leaving, or has been said before
    const MemberReference member = members_[*index];
    if (!is_last) return member->breaker.note_failure(Clock::now(), channel.answered());
    members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(*index));
    const TimePoint now = Clock::now();
    replacement_.note_lost(now, now - member->since);
    last_ = member;
    bury(member);
  }
  bell_->ring();
}

// As many as the members' mailboxes would hold.
bool Members::may_park() const {
  const MailboxOptions& mailbox = options_.spawn.mailbox;
  const bool is_bounded =
      mailbox.when_full != WhenFull::spill && !(mailbox.when_full == WhenFull::automatic && session_->is_actor());
  const auto living = std::ranges::count_if(members_, [](const auto& each) { return !each->channel.is_lost(); });
  return replacement_.is_hopeful(static_cast<std::size_t>(living)) &&
         (!is_bounded || parked_.size() < mailbox.calls * replacement_.wanted());
}

void Members::bury(const MemberReference& member) noexcept try {
  lost_.push_back(member);
} catch (const std::bad_alloc&) {  // if it still lives, it goes with its last proxy
}

void Members::note_expiry(const CallChannel& channel) noexcept {
  const std::lock_guard lock(mutex_);
  if (const auto index = index_of(channel)) members_[*index]->breaker.note_failure(Clock::now(), channel.answered());
}

void Members::inherit(std::shared_ptr<client::MovedCall> call) noexcept try {
  MemberReference member;
  {
    const std::lock_guard lock(mutex_);
    if (!is_closed_) member = pick(call->key());
    if (member == nullptr && !is_closed_ && may_park()) return parked_.push_back(std::move(call));
  }
  if (member != nullptr) return call->send_to(*member->link.get());
  call->fail(no_member_error());
} catch (const std::exception&) {  // no memory: dropped, it fails with its first actor's death
}

std::string Members::describe() const {
  const std::string type = wire::readable_type(recipe_->maker.type);
  return options_.spawn.name.empty() ? type : fmt::format("{} \"{}\"", type, options_.spawn.name);
}

std::exception_ptr Members::no_member_error() const {
  const std::lock_guard lock(mutex_);
  std::string text = fmt::format("troupe::ActorPool of {}: ", describe());
  if (is_closed_) {
    text += "the pool has ended; the call was not started";
    return std::make_exception_ptr(PoolTerminated(text));
  } else if (!last_failure_.empty()) {
    text += "it has no member, and none could be started; the call was not started. The last attempt: " + last_failure_;
    return std::make_exception_ptr(BrokenExecutorError(text));
  } else {
    text +=
        "it has no member at the moment, and too many calls wait for one; the call was not started, so it is safe to send again";
  }
  return std::make_exception_ptr(MailboxFull(text));
}

void Members::join(std::size_t place, detail::LinkHandle link) {
  auto member = std::make_shared<Member>(place, std::move(link), options_.breaker, Clock::now());
  CallChannel& channel = member->channel;
  bool has_ended = false;
  {
    const std::lock_guard lock(mutex_);
    const auto behind = std::find_if(members_.begin(), members_.end(), [&](const auto& each) { return each->place > place; });
    members_.insert(behind, std::move(member));
    has_ended = !channel.set_heir(std::make_shared<MemberHeir>(weak_from_this(), channel));
  }
  if (has_ended) note_end(channel, true);
}

}  // namespace troupe::pool
