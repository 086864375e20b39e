// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "platform/handle.hpp"

namespace troupe::platform {

// A doorbell for loops that sleep in the kernel on many things (eventfd). Thread-safety: full.
class Event {
 public:
  static Event create();
  Event() = default;
  explicit Event(Handle handle) : handle_(std::move(handle)) {}

  void signal() const noexcept;  // never blocks; signals before one clear() merge
  void clear() const noexcept;   // never blocks
  const Handle& handle() const { return handle_; }
  explicit operator bool() const { return static_cast<bool>(handle_); }

 private:
  Handle handle_;
};

}  // namespace troupe::platform
