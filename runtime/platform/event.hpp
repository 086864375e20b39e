// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <utility>

#include "platform/handle.hpp"

namespace troupe::platform {

// One end of a doorbell for loops that sleep in the kernel on many things: signal() wakes who sleeps on the other end.
// Sockets, since with them each call can refuse to wait: what makes an eventfd or a pipe refuse is a flag of the open file,
// and another process that holds it may clear that and fill it up. Thread-safety: full.
class Event {
 public:
  // Errors: std::system_error.
  static std::pair<Event, Event> pair();
  Event() = default;
  explicit Event(Handle handle) : handle_(std::move(handle)) {}

  // Becomes that end, for all who use this one; see Handle::replace.
  void replace(Event other) { handle_.replace(std::move(other.handle_)); }

  void signal() const noexcept;  // never blocks; signals before one clear() merge
  // Takes the signals back that have come here; more than 256 leave some behind. Never blocks. False: no more can come, the
  // other end is gone.
  bool clear() const noexcept;
  const Handle& handle() const { return handle_; }  // readable when it is signalled
  explicit operator bool() const { return static_cast<bool>(handle_); }

 private:
  Handle handle_;
};

}  // namespace troupe::platform
