// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <utility>

#include "platform/standard_handles.hpp"

namespace troupe::platform {

// Owns one open file descriptor and closes it. Every handle that troupe opens is close-on-exec from birth, and none has the
// number of a standard one (0 to 2), which the program may have closed: what it prints would go there. Thread-safety: as a
// unique_ptr.
class Handle {
 public:
  Handle() = default;
  // Takes it over; with another number, where it has a standard one. Errors: std::system_error; then it is closed.
  explicit Handle(int descriptor) : descriptor_(is_standard(descriptor) ? moved_up(descriptor) : descriptor) {}
  Handle(Handle&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this == &other) return *this;
    reset();
    descriptor_ = std::exchange(other.descriptor_, -1);
    return *this;
  }
  ~Handle() { reset(); }

  explicit operator bool() const { return descriptor_ >= 0; }
  int get() const { return descriptor_; }
  int release() { return std::exchange(descriptor_, -1); }
  void reset() noexcept;

  // A second handle on the same open file. Errors: std::system_error.
  Handle duplicate() const;
  // Puts another open file behind the same descriptor, at once: who uses it meanwhile meets the one or the other. Neither may
  // be empty. Errors: std::system_error.
  void replace(Handle other);

 private:
  static int moved_up(int descriptor);

  int descriptor_ = -1;
};

}  // namespace troupe::platform
