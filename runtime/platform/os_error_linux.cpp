// SPDX-License-Identifier: BSL-1.0
#include "platform/os_error.hpp"

#include <cerrno>
#include <system_error>

namespace troupe::platform {

const char* os_remedy(int number) {
  switch (number) {
    case EMFILE:
      return " (this process has as many open files as it may; raise RLIMIT_NOFILE, as with ulimit -n)";
    case ENFILE:
      return " (the system has as many open files as it may; raise fs.file-max)";
    case ENOMEM:
      return " (free memory, or raise the control group's memory.max or RLIMIT_AS)";
    case EAGAIN:
      return " (there are as many processes and threads as there may be; raise RLIMIT_NPROC, as with ulimit -u, or pids.max)";
    case EFBIG:
      return " (shared memory counts as a file; raise RLIMIT_FSIZE, as with ulimit -f)";
    default:
      return "";
  }
}

void throw_os_error(int number, const std::string& what) {
  throw std::system_error(number, std::system_category(), what + os_remedy(number));
}

std::string os_reason(int number) { return std::system_category().message(number) + os_remedy(number); }

}  // namespace troupe::platform
