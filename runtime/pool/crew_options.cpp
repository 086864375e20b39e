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

}  // namespace troupe::pool
