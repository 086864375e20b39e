// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/proxy.hpp>

#include <string>
#include <vector>

namespace troupe::test {

// What the test program knows of the module's actors. Not the first base of theirs, so that a wrong cast shows.
class Shelf {
 public:
  virtual ~Shelf() = default;
  virtual int put(std::string title) = 0;
  virtual std::vector<std::string> titles() const = 0;
  virtual std::string first_of(const Proxy<Shelf>& other) = 0;
  virtual void crash() = 0;
};

// What no class of the module implements.
class Cellar {
 public:
  virtual ~Cellar() = default;
  virtual int depth() = 0;
};

}  // namespace troupe::test
