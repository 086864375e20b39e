// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "platform/memory.hpp"

namespace troupe::campaigns {

// A T in shared memory, all of whose bytes are zero at first. Other processes open it by its path, as long as the process that
// made it lives. Thread-safety: T's.
template <class T>
class SharedObject {
 public:
  // Errors: std::system_error.
  SharedObject()
      : memory_(platform::SharedMemory::create("an object of a campaign", sizeof(T))),
        mapping_(memory_, platform::Access::read_write),
        path_(fmt::format("/proc/{}/fd/{}", ::getpid(), memory_.handle().get())) {}
  // Another process's. Errors: std::system_error, ProtocolError.
  explicit SharedObject(const std::string& path) : mapping_(open(path), platform::Access::read_write), path_(path) {}

  const std::string& path() const { return path_; }
  T* operator->() const { return reinterpret_cast<T*>(mapping_.data()); }
  T& operator*() const { return *operator->(); }

 private:
  static platform::SharedMemory open(const std::string& path) {
    platform::Handle handle(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!handle) throw std::system_error(errno, std::generic_category(), "opening " + path);
    return platform::SharedMemory::adopt(std::move(handle), 0);
  }

  platform::SharedMemory memory_;
  platform::Mapping mapping_;
  std::string path_;
};

}  // namespace troupe::campaigns
