// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>
#include <troupe/detail/growing_buffer.hpp>
#include <troupe/detail/link.hpp>
#include <troupe/detail/registry.hpp>
#include <troupe/detail/result_cell.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string_view>  // std::hash, without <functional>
#include <type_traits>
#include <typeinfo>
#include <vector>

namespace troupe {
struct ActorPoolOptions;
class Runtime;
}  // namespace troupe

// What of an ActorPool needs not know its actors' class.
namespace troupe::pool {
class Member;
class Members;
}  // namespace troupe::pool

namespace troupe::detail {

// What every member is made of.
struct PoolRecipe {
  explicit PoolRecipe(const ActorMaker& their_maker) : maker(their_maker) {}

  ActorMaker maker;
  GrowingBuffer arguments{};  // holds the actors whose proxies are among them
};

// The member that a call goes to, kept while it is sent.
struct ChosenMember {
  std::shared_ptr<const pool::Member> member;
  client::Link* link = nullptr;
};

using PoolKey = std::optional<std::uint64_t>;

// The hash of a key; text of any type has the same.
template <class K>
std::uint64_t key_hash(const K& key) {
  if constexpr (std::is_convertible_v<const K&, std::string_view>) {
    return std::hash<std::string_view>()(std::string_view(key));
  } else {
    static_assert(
        std::is_default_constructible_v<std::hash<K>>,
        "troupe: by_key takes what std::hash takes; specialise it for the key's type, or give a part of it that has one");
    return std::hash<K>()(key);
  }
}

// A result whose call goes to whom its key says, wherever it is moved.
template <class T>
class KeyedCell final : public TypedCell<T> {
 public:
  KeyedCell(std::uint32_t extra_references, std::uint64_t key) : TypedCell<T>(type(), extra_references), key_(key) {}

 private:
  static const CellType& type() {
    static const CellType keyed = {
        .decode = TypedCell<T>::kType.decode,
        .destroy = [](ResultCell* cell) noexcept { delete static_cast<KeyedCell*>(cell); },
        .is_plain = TypedCell<T>::kType.is_plain,
        .key = [](const ResultCell& cell) noexcept { return static_cast<const KeyedCell&>(cell).key_; }};
    return keyed;
  }

  const std::uint64_t key_;
};

// Blocks: until all members are there; when one cannot be, until the others have ended. Errors: as spawn; std::invalid_argument.
std::shared_ptr<pool::Members> make_members(Runtime& runtime, const ActorPoolOptions& options,
                                            std::unique_ptr<PoolRecipe> recipe);
// Blocks: until they have ended, or the grace is over.
void close_members(std::shared_ptr<pool::Members> members) noexcept;

// Errors: std::logic_error in a forked child.
ChosenMember choose_member(pool::Members& members, const PoolKey& key);
// The same, of those that live. Errors: Error when there is none.
ChosenMember choose_living_member(pool::Members& members, const PoolKey& key);
std::vector<ChosenMember> all_members(pool::Members& members);
LinkHandle link_of(const ChosenMember& chosen);

std::size_t wanted_size(pool::Members& members);
void resize(pool::Members& members, std::ptrdiff_t size);
std::size_t calls_in_flight(pool::Members& members);
std::exception_ptr no_member_error(pool::Members& members);

}  // namespace troupe::detail
