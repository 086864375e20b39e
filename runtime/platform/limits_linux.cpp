// SPDX-License-Identifier: BSL-1.0
#include "platform/limits.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "platform/os_error.hpp"

namespace troupe::platform {
namespace {

void set_limit(__rlimit_resource resource, rlim_t soft, rlim_t hard) {
  const rlimit wanted{soft, hard};
  if (::setrlimit(resource, &wanted) == 0) return;
  const int error = errno;
  rlimit present{};
  ::getrlimit(resource, &present);
  throw_os_error(error, fmt::format("the system allows {} at most (see ulimit -H)", present.rlim_max));
}

// What counts against the limit, and the first thread's stack besides. 0: unknown.
std::uint64_t data_bytes() {
  constexpr int kDataColumn = 6;  // of seven, in pages
  std::ifstream file("/proc/self/statm");
  std::uint64_t pages = 0;
  for (int column = 0; column < kDataColumn && file >> pages;) ++column;
  return file ? pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

template <class Act>
void for_each_thread(const Act& act) {
  const std::unique_ptr<DIR, int (*)(DIR*)> threads(::opendir("/proc/self/task"), &::closedir);
  if (threads == nullptr) throw_os_error(errno, "its threads cannot be listed (/proc/self/task)");
  while (const dirent* entry = ::readdir(threads.get())) {
    if (const int thread = std::atoi(entry->d_name); thread != 0) act(thread);
  }
}

// A processor that does not exist, or is another control group's, is left out by the system without a word.
void check_processors(std::span<const std::uint64_t> wanted) {
  std::array<std::uint64_t, 128> used{};  // the kernel wants room for all that there may be
  if (::sched_getaffinity(0, sizeof(used), reinterpret_cast<cpu_set_t*>(used.data())) != 0)
    throw_os_error(errno, "which ones are used is not told");
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (const std::uint64_t missing = wanted[i] & ~used[i]; missing != 0)
      throw std::runtime_error(fmt::format("there is no processor {}, or this process may not use it",
                                           i * 64 + static_cast<unsigned>(std::countr_zero(missing))));
  }
}

}  // namespace

void limit_memory(std::uint64_t bytes, std::uint64_t reserve_bytes) {
  constexpr double kMebibyte = 1024.0 * 1024.0;
  const std::uint64_t least = data_bytes() + reserve_bytes;
  if (bytes < least)
    throw std::runtime_error(fmt::format("{:g} MiB are less than the {:.1f} MiB that the process needs for itself",
                                         static_cast<double>(bytes) / kMebibyte, static_cast<double>(least) / kMebibyte));
  set_limit(RLIMIT_DATA, bytes, bytes);
}

void limit_cpu_time(std::uint32_t seconds) {
  rlimit present{};
  ::getrlimit(RLIMIT_CPU, &present);  // fails for resources that there are not
  set_limit(RLIMIT_CPU, seconds, std::max<rlim_t>(seconds, std::min<rlim_t>(present.rlim_max, rlim_t{seconds} + 1)));
}

std::uint64_t hard_limit_of_cpu_time() noexcept {
  rlimit present{};
  ::getrlimit(RLIMIT_CPU, &present);
  return present.rlim_max == RLIM_INFINITY ? 0 : present.rlim_max;
}

void limit_open_files(std::uint32_t count) { set_limit(RLIMIT_NOFILE, count, count); }

void set_niceness(int value) {
  for_each_thread([&](int thread) {
    if (::setpriority(PRIO_PROCESS, static_cast<id_t>(thread), value) != 0)
      throw_os_error(errno,
                     "going below the present one takes the capability CAP_SYS_NICE, or a limit RLIMIT_NICE that allows it");
  });
}

void use_processors(std::span<const std::uint64_t> processors) {
  for_each_thread([&](int thread) {
    if (::sched_setaffinity(thread, processors.size_bytes(), reinterpret_cast<const cpu_set_t*>(processors.data())) != 0)
      throw_os_error(errno, "there is none of these processors, or this process may use none of them");
  });
  check_processors(processors);
}

}  // namespace troupe::platform
