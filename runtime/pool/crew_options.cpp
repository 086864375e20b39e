// SPDX-License-Identifier: BSL-1.0
#include "pool/crew_options.hpp"

#include <fmt/core.h>

#include <cstdint>
#include <stdexcept>

namespace troupe::pool {

namespace {

int checked(const Given& given, int value) {
  if (value < 1) throw std::invalid_argument(fmt::format("{} is {}; it must be 1 or more, or absent", given.name, value));
  return value;
}

}  // namespace

template <class Options>
Options crew_options(const Given& size, const Given& tasks_per_life) {
  Options options;
  options.size = checked(size, size.value.value_or(detail::usable_processors()));
  if (tasks_per_life.value) options.tasks_per_life = static_cast<std::uint64_t>(checked(tasks_per_life, *tasks_per_life.value));
  return options;
}

template detail::CrewOptions crew_options(const Given& size, const Given& tasks_per_life);
template detail::LocalCrewOptions crew_options(const Given& size, const Given& tasks_per_life);

void set_upkeep(detail::CrewOptions& options, const Upkeep& upkeep) {
  if (upkeep.idle_timeout.span().count() == 0)
    throw std::invalid_argument(fmt::format("{}::idle_timeout is not above 0; give it a span, or leave it absent", upkeep.of));
  if (upkeep.max_memory_growth == 0)
    throw std::invalid_argument(fmt::format("{}::max_memory_growth is 0; it must be 1 byte or more, or absent", upkeep.of));
  if (!upkeep.idle_timeout.is_forever()) options.idle_timeout = upkeep.idle_timeout.span();
  options.memory_growth = upkeep.max_memory_growth;
}

}  // namespace troupe::pool
