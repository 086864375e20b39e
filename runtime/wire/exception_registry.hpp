// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/exception_registry.hpp>

#include <string_view>
#include <typeinfo>

// The types of TROUPE_EXCEPTION in this process. Thread-safety: full.
namespace troupe::wire {

// By exact type, as thrown or as revived; nullptr when there is none.
const detail::ExceptionNode* find_registered_exception(const std::type_info& type);
// By the name of `type`; nullptr also when two different types have that name (both in anonymous namespaces).
const detail::ExceptionNode* find_registered_exception(std::string_view name);

}  // namespace troupe::wire
