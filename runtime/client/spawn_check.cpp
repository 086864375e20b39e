// SPDX-License-Identifier: BSL-1.0
#include "client/spawn_check.hpp"

#include <troupe/detail/spawn.hpp>

#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "base/quoted_name.hpp"
#include "supervision/restart_history.hpp"
#include "wire/registry.hpp"

namespace troupe::client {

namespace {

constexpr std::string_view kNul("\0", 1);

[[noreturn]] void refuse(const std::string& text) { throw std::invalid_argument(text); }
[[noreturn]] void refuse_option(const std::string& text) { refuse("SpawnOptions::" + text); }

void require_known(unsigned value, unsigned last, const char* field, const char* values) {
  if (value > last) refuse(fmt::format("{} is {}, which is none of its values: {}", field, value, values));
}

// Only a cast brings others.
template <class Enum>
void require_known(Enum value, Enum last, const char* field, const char* values) {
  require_known(static_cast<unsigned>(value), static_cast<unsigned>(last), field, values);
}

void check_known(const SpawnOptions& options) {
  require_known(options.restart.on, RestartPolicy::On::any_exit, "SpawnOptions::restart.on", "never, crash, any_exit");
  require_known(options.mailbox.when_full, WhenFull::spill, "SpawnOptions::mailbox.when_full", "automatic, block, fail, spill");
  require_known(options.lifetime, Lifetime::detached, "SpawnOptions::lifetime", "scoped, detached");
  require_known(options.start, StartMethod::spawn, "SpawnOptions::start", "forkserver, spawn");
  require_known(options.stdio, Stdio::capture, "SpawnOptions::stdio", "inherit, capture");
  require_known(options.security, SecurityLevel::l1, "SpawnOptions::security", "l0, l1");
}

// A group decides when its actors live again.
void check_in_group(const RestartPolicy& policy) {
  constexpr RestartPolicy kUnsaid;
  const auto refuse = [](const char* field) {
    refuse_option(fmt::format("restart.{} has no meaning in a group: say how often and how soon by GroupOptions", field));
  };
  if (policy.max != kUnsaid.max) refuse("max");
  if (policy.within != kUnsaid.within) refuse("within");
  if (policy.backoff.first != kUnsaid.backoff.first || policy.backoff.most != kUnsaid.backoff.most) refuse("backoff");
}

// What says that it restarts, and never would.
void check_alone(const RestartPolicy& policy) {
  if (policy.on == RestartPolicy::On::any_exit && policy.max == 0)
    refuse_option("restart.max is 0, so that `on` (any_exit) has no meaning: say how often, as in {.max = 3, .on = any_exit}");
  if (policy.on == RestartPolicy::On::never && policy.max != 0)
    refuse_option(
        fmt::format("restart.on is never, so that `max` ({}) has no meaning: leave `on` out (crash), or `max`", policy.max));
}

void check(const RestartPolicy& policy, bool is_in_group) {
  if (policy.poison_after == 0)
    refuse_option("restart.poison_after must be at least 1: at so many deaths a call must have run to be set aside");
  is_in_group ? check_in_group(policy) : check_alone(policy);
  supervision::check(policy);
}

// What no process could have.
void check_surroundings(const SpawnOptions& options) {
  for (const auto& [name, value] : options.environment) {
    if (name.empty() || name.find('=') != std::string::npos || name.find(kNul) != std::string::npos)
      refuse_option(
          fmt::format("environment has a name that no variable can have: {}; names are not empty, and hold no '=' and no "
                      "zero byte",
                      detail::quoted_name(name)));
    if (value.find(kNul) != std::string::npos)
      refuse_option(
          fmt::format("environment: the value of {} holds a zero byte, and would end there", detail::quoted_name(name)));
  }
  if (options.working_directory.find(kNul) != std::string::npos)
    refuse_option("working_directory holds a zero byte, and would end there");
}

// It lives as long as its manager, which a private one does not do any longer than its program.
void check_detached(const detail::SpawnOrder& order, ManagerKind manager) {
  if (manager != ManagerKind::named)
    refuse_option(
        "lifetime is detached; that needs a named manager (actor-host serve, Runtime::connect), and this runtime has a private "
        "one");
  if (order.group.value != 0) refuse_option("lifetime is detached; an actor of a group ends with the group");
}

void check_module(const detail::SpawnOrder& order) {
  const SpawnOptions& options = order.options;
  if (options.module.find(kNul) != std::string::npos) refuse_option("module holds a zero byte, and would end there");
  if (!options.module.empty()) return;
  if (!options.actor.empty())
    refuse_option(fmt::format("actor is {}, which names a class of a module: say which one in SpawnOptions::module",
                              detail::quoted_name(options.actor)));
  if (order.maker.constructor == nullptr)
    refuse_option(fmt::format("module is empty; {} is abstract: name the shared library with a class that implements it",
                              wire::readable_type(order.maker.type)));
}

}  // namespace

void check(const detail::SpawnOrder& order, ManagerKind manager) {
  const SpawnOptions& options = order.options;
  if (order.on_existing == detail::OnExisting::join && options.name.empty())
    refuse_option("name is empty; spawn_or_get needs the name to look for");
  check_known(options);
  if (options.lifetime == Lifetime::detached) check_detached(order, manager);
  if (options.concurrency != 1) refuse_option("concurrency must be 1: an actor handles one call at a time");
  check(options.restart, order.group.value != 0);
  check_surroundings(options);
  check_module(order);
}

void check(const RuntimeOptions& options) { require_known(options.spin, Spin::never, "RuntimeOptions::spin", "learned, never"); }

}  // namespace troupe::client
