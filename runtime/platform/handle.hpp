// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <utility>

namespace troupe::platform {

// Owns one open file descriptor and closes it. Every handle that troupe opens is close-on-exec from birth.
// Thread-safety: as a unique_ptr.
class Handle {
 public:
  Handle() = default;
  explicit Handle(int descriptor) : descriptor_(descriptor) {}
  Handle(Handle&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) reset(std::exchange(other.descriptor_, -1));
    return *this;
  }
  ~Handle() { reset(); }

  explicit operator bool() const { return descriptor_ >= 0; }
  int get() const { return descriptor_; }
  int release() { return std::exchange(descriptor_, -1); }
  void reset(int descriptor = -1) noexcept;

  // A second handle on the same open file. Errors: std::system_error.
  Handle duplicate() const;
  // Puts another open file behind the same descriptor, at once: who uses it meanwhile meets the one or the other. Neither may
  // be empty. Errors: std::system_error.
  void replace(Handle other);

 private:
  int descriptor_ = -1;
};

}  // namespace troupe::platform
