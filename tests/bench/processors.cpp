// SPDX-License-Identifier: BSL-1.0
#include "processors.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

namespace troupe::bench {

namespace {

// Among the processors that this process may use, the first is the sender's and the second the receiver's.
cpu_set_t processor_of(Side side, const cpu_set_t& allowed) {
  cpu_set_t chosen;
  CPU_ZERO(&chosen);
  int to_skip = side == Side::receiver && CPU_COUNT(&allowed) > 1 ? 1 : 0;
  for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
    if (!CPU_ISSET(processor, &allowed) || to_skip-- > 0) continue;
    CPU_SET(processor, &chosen);
    break;
  }
  return chosen;
}

cpu_set_t allowed_for(pid_t thread) {
  cpu_set_t allowed;
  if (::sched_getaffinity(thread, sizeof allowed, &allowed) != 0)
    throw std::system_error(errno, std::generic_category(), "sched_getaffinity");
  return allowed;
}

void allow(pid_t thread, const cpu_set_t& processors) {
  if (::sched_setaffinity(thread, sizeof processors, &processors) != 0) {
    throw std::system_error(errno, std::generic_category(), "sched_setaffinity");
  }
}

}  // namespace

OnOneSide::OnOneSide(Side side) : before_(allowed_for(0)) { allow(0, processor_of(side, before_)); }

OnOneSide::~OnOneSide() { ::sched_setaffinity(0, sizeof before_, &before_); }

void keep_on_one_side(pid_t process, Side side) {
  const cpu_set_t processor = processor_of(side, allowed_for(process));
  for (const auto& thread : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", process))) {
    allow(static_cast<pid_t>(std::stol(thread.path().filename().string())), processor);
  }
}

}  // namespace troupe::bench
