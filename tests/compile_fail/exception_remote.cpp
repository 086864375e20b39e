// SPDX-License-Identifier: BSL-1.0
// expect: troupe: TROUPE_EXCEPTION is for classes of the program
// expect: derive it from Error or std::runtime_error
#include <stdexcept>
#include <string>
#include <troupe/troupe.hpp>

struct Remote : troupe::RemoteException {
  explicit Remote(const std::string& text) : RemoteException({.text = text}) {}
};
TROUPE_EXCEPTION(Remote);
