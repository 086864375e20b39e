// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/link.hpp>

#include <vector>

namespace troupe::detail {

// The proxies that were written into a buffer. It holds them, so that their actors live at least until the buffer's contents are
// on their way under a lease. Thread-safety: none.
class Carried {
 public:
  void add(const LinkHandle& link) { links_.push_back(link); }
  const std::vector<LinkHandle>& links() const { return links_; }

 private:
  std::vector<LinkHandle> links_;
};

}  // namespace troupe::detail
