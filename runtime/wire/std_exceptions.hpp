// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <exception>
#include <string_view>
#include <typeinfo>

#include "wire/thrown.hpp"

namespace troupe::wire {

// How one exception type of the standard library crosses.
struct StdException {
  const std::type_info* type;
  const std::type_info* transported;                                       // what raise() throws: it crosses again as `type`
  void (*save)(const std::exception& error, Thrown& thrown);               // what it has beside its text; null: nothing
  void (*raise)(const Thrown& thrown, const RemoteError::Origin& origin);  // throws it, unless `thrown` is no value of the type
};

// By exact type, as thrown or as revived; nullptr when there is none.
const StdException* find_std_exception(const std::type_info& type);
// By the name of `type`.
const StdException* find_std_exception(std::string_view name);

}  // namespace troupe::wire
