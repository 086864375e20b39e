// SPDX-License-Identifier: BSL-1.0
#pragma once

// All that a program needs to know of an actor that a module holds.
class ICounter {
 public:
  virtual ~ICounter() = default;
  virtual int add(int n) = 0;
  virtual int total() const = 0;
};
