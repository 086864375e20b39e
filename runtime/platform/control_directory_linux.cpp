// SPDX-License-Identifier: BSL-1.0
#include "platform/control_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>

#include "base/quoted_name.hpp"
#include "platform/os_error.hpp"

namespace troupe::platform {

namespace {

constexpr std::size_t kMostNameBytes = 64;
constexpr mode_t kOthers = 077;

bool is_own_directory(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == ::geteuid();
}

[[noreturn]] void refuse(const std::string& path, const std::string& reason) {
  throw StartError(fmt::format("the directory of named managers, {}, cannot be used: {}", path, reason));
}

void check_owner_and_mode(const Handle& directory, const std::string& path) {
  struct stat found {};
  if (::fstat(directory.get(), &found) != 0) refuse(path, os_reason(errno));
  if (found.st_uid != ::geteuid())
    refuse(path, fmt::format("it belongs to user {}, and this process runs as user {}; remove it, or set XDG_RUNTIME_DIR",
                             found.st_uid, ::geteuid()));
  if ((found.st_mode & kOthers) != 0)
    refuse(path, fmt::format("others may use it (mode {:04o}); say chmod 700 {}", found.st_mode & 07777, path));
}

bool is_allowed(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

}  // namespace

std::string control_directory_path() {
  const char* configured = std::getenv("XDG_RUNTIME_DIR");
  if (configured != nullptr && configured[0] == '/') return std::string(configured) + "/troupe";
  const std::string of_user = fmt::format("/run/user/{}", ::geteuid());
  return is_own_directory(of_user) ? of_user + "/troupe" : fmt::format("/tmp/troupe-{}", ::geteuid());
}

// What is looked at is what was opened, whatever lies under that path by then.
Handle open_control_directory(bool may_create) {
  const std::string path = control_directory_path();
  if (may_create && ::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) refuse(path, os_reason(errno));
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  const int error = errno;
  if (descriptor < 0 && error == ENOENT && !may_create) return {};
  if (descriptor < 0 && (error == ENOTDIR || error == ELOOP)) refuse(path, "it is no directory; remove it");
  if (descriptor < 0) refuse(path, os_reason(error));
  Handle directory(descriptor);
  check_owner_and_mode(directory, path);
  return directory;
}

bool is_manager_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kMostNameBytes && name.front() != '.' && std::ranges::all_of(name, is_allowed);
}

void check_manager_name(std::string_view name) {
  if (is_manager_name(name)) return;
  throw std::invalid_argument(
      fmt::format("managers' names are 1 to {} letters, digits, '.', '_' or '-', and begin with no '.', unlike {}",
                  kMostNameBytes, detail::quoted_name(name)));
}

}  // namespace troupe::platform
