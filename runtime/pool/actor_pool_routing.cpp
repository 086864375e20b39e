// SPDX-License-Identifier: BSL-1.0
#include "pool/actor_pool_routing.hpp"

namespace troupe::pool {

namespace {

// Steele, Lea and Flood's mix (SplitMix64): std::hash of a number is often the number itself.
std::uint64_t mixed(std::uint64_t value) noexcept {
  value += 0x9e3779b97f4a7c15ull;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ull;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebull;
  return value ^ (value >> 31);
}

}  // namespace

std::uint64_t wish(std::uint64_t key, std::uint64_t place) noexcept { return mixed(mixed(key) ^ mixed(~place)); }

// Vigna's xorshift64*.
std::uint64_t Router::draw() noexcept {
  state_ ^= state_ >> 12;
  state_ ^= state_ << 25;
  state_ ^= state_ >> 27;
  return (state_ * 0x2545f4914f6cdd1dull) >> 16;
}

}  // namespace troupe::pool
