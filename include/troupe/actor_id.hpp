// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>  // std::hash, without <functional>

namespace troupe {

// Names one actor within its manager; never used again for another. Not a secret: it may be printed. 0 names none.
struct ActorId {
  std::uint64_t value = 0;

  friend auto operator<=>(const ActorId&, const ActorId&) = default;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(value);
  }
};

}  // namespace troupe

template <>
struct std::hash<troupe::ActorId> {
  std::size_t operator()(const troupe::ActorId& id) const noexcept {
    return static_cast<std::size_t>(id.value * 0x9e3779b97f4a7c15ull);
  }
};
