// SPDX-License-Identifier: BSL-1.0
#include <stdexcept>

#include "registered_exceptions.hpp"

namespace troupe::test {
namespace {

// registered_exceptions_test.cpp has one of the same name.
struct Twin : std::runtime_error {
  using std::runtime_error::runtime_error;
};
TROUPE_EXCEPTION(Twin);

}  // namespace

std::exception_ptr out_of_stock_thrown_elsewhere() { return std::make_exception_ptr(shop::OutOfStock("tea")); }
std::exception_ptr twin_thrown_elsewhere() { return std::make_exception_ptr(Twin("elsewhere")); }

}  // namespace troupe::test
