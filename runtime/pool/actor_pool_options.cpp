// SPDX-License-Identifier: BSL-1.0
#include "pool/actor_pool_options.hpp"

#include <fmt/core.h>

#include <stdexcept>
#include <string>

#include "platform/processor.hpp"

namespace troupe::pool {

namespace {

[[noreturn]] void refuse(const std::string& text) { throw std::invalid_argument("ActorPoolOptions::" + text); }

void check_backoff(const RestartPolicy::Backoff& backoff) {
  if (backoff.first.is_forever()) refuse("backoff.first must have an end: a dead member would never be replaced");
  if (backoff.first.span() > backoff.most.span()) refuse("backoff.first must not be longer than backoff.most");
}

}  // namespace

std::size_t checked_size(const char* field, std::ptrdiff_t size) {
  if (size < 1) throw std::invalid_argument(fmt::format("{} is {}: a pool needs a member to call; take 1 or more", field, size));
  return static_cast<std::size_t>(size);
}

ActorPoolOptions checked(ActorPoolOptions options) {
  if (!options.size) options.size = static_cast<std::ptrdiff_t>(platform::usable_processors());
  checked_size("ActorPoolOptions::size", *options.size);
  if (options.routing > Routing::consistent_hash)  // only a cast brings others
    refuse(fmt::format("routing is {}, which is none of its values: round_robin, least_loaded, random, consistent_hash",
                       static_cast<unsigned>(options.routing)));
  if (options.breaker.open_for.is_forever() && options.breaker.failures != 0)
    refuse(
        "breaker.open_for must have an end: a member that has failed would never be tried again; to have no breaker, set "
        "breaker.failures to 0");
  if (options.calls_in_flight == 0) refuse("calls_in_flight is 0, so that no call of a map could ever be made; take 1 or more");
  check_backoff(options.backoff);
  return options;
}

}  // namespace troupe::pool
