// SPDX-License-Identifier: BSL-1.0
#include "platform/system_limits.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "platform/handle.hpp"

namespace troupe::platform {

namespace {

rlimit limit_of(__rlimit_resource resource) {
  rlimit limit{};
  ::getrlimit(resource, &limit);
  return limit;
}

std::uint64_t amount(rlim_t value) { return value == RLIM_INFINITY ? UINT64_MAX : value; }

}  // namespace

SystemLimits system_limits() {
  SystemLimits limits;
  utsname name{};
  if (::uname(&name) == 0) limits.system = std::string(name.sysname) + " " + name.release;
  limits.processors = std::thread::hardware_concurrency();
  limits.open_files = amount(limit_of(RLIMIT_NOFILE).rlim_cur);
  limits.most_open_files = amount(limit_of(RLIMIT_NOFILE).rlim_max);
  limits.processes = amount(limit_of(RLIMIT_NPROC).rlim_cur);
  limits.core_bytes = amount(limit_of(RLIMIT_CORE).rlim_cur);
  return limits;
}

bool has_process_handles() noexcept { return bool(Handle(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)))); }

bool has_sealed_memory() noexcept { return bool(Handle(::memfd_create("troupe", MFD_CLOEXEC | MFD_ALLOW_SEALING))); }

}  // namespace troupe::platform
