// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/error.hpp>

#include <cstdint>
#include <string>

namespace troupe::wire {

// An exception as it travels.
struct Thrown {
  std::string type;            // name of its typeid, by which the other process looks for it; empty: it is not to be found
  RemoteError::Origin origin;  // actor, pid and method: empty and 0 unless it has crossed before
  std::string category;        // from here on for the standard types that have more than a text
  std::int32_t code = 0;
  std::string path1;
  std::string path2;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(type, origin.type_name, origin.text, origin.backtrace, origin.actor, origin.pid, origin.method, category, code, path1,
            path2);
  }
};

}  // namespace troupe::wire
