// SPDX-License-Identifier: BSL-1.0
#include "platform/file_identity.hpp"

#include <sys/stat.h>

#include <fmt/core.h>

namespace troupe::platform {

std::string file_identity(const Handle& file) {
  struct stat found {};
  if (::fstat(file.get(), &found) != 0) return {};
  return fmt::format("{}:{}:{}:{}.{}", found.st_dev, found.st_ino, found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec);
}

}  // namespace troupe::platform
