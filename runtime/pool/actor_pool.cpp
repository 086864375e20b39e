// SPDX-License-Identifier: BSL-1.0
// The public face of a pool (troupe/detail/actor_pool_members.hpp).
#include <troupe/actor_pool.hpp>

#include <new>
#include <stdexcept>
#include <utility>

#include "platform/fork_mark.hpp"
#include "pool/actor_pool_members.hpp"

namespace troupe::detail {

using pool::Members;

namespace {

// Its keeper is not in a forked child, and who held its mutex may not be there either.
Members& own(Members& members) {
  if (platform::is_forked_child())
    throw std::logic_error(
        "troupe::ActorPool: this process was forked from the one that made the pool; only that one may use it");
  return members;
}

ChosenMember chosen_of(std::shared_ptr<pool::Member> member) {
  client::Link* link = member->link.get();
  return {std::move(member), link};
}

}  // namespace

std::shared_ptr<Members> make_members(Runtime& runtime, const ActorPoolOptions& options, std::unique_ptr<PoolRecipe> recipe) {
  auto members = std::make_shared<Members>(RuntimeAccess::session(runtime), options, std::move(recipe));
  try {
    members->open();
  } catch (...) {
    members->close();
    throw;
  }
  return members;
}

// In a forked child there is no keeper to join, and no actor to stop.
void close_members(std::shared_ptr<Members> members) noexcept {
  if (platform::is_forked_child()) {
    (void)new (std::nothrow) std::shared_ptr<Members>(std::move(members));  // NOLINT(bugprone-unused-return-value)
    return;
  }
  members->close();
}

ChosenMember choose_member(Members& members, const PoolKey& key) { return chosen_of(own(members).choose(key)); }

ChosenMember choose_living_member(Members& members, const PoolKey& key) {
  if (auto member = own(members).choose_living(key)) return chosen_of(std::move(member));
  std::rethrow_exception(members.no_member_error());
}

std::vector<ChosenMember> all_members(Members& members) {
  std::vector<ChosenMember> chosen;
  for (auto& each : own(members).all()) chosen.push_back(chosen_of(std::move(each)));
  return chosen;
}

LinkHandle link_of(const ChosenMember& chosen) { return chosen.member->link; }

std::size_t wanted_size(Members& members) { return own(members).wanted(); }
void resize(Members& members, std::ptrdiff_t size) { own(members).resize(size); }
std::size_t calls_in_flight(Members& members) { return own(members).calls_in_flight(); }
std::exception_ptr no_member_error(Members& members) { return members.no_member_error(); }

}  // namespace troupe::detail
