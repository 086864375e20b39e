// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/error.hpp>

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

// A header that registers exceptions, as users write it; two files include it.
namespace shop {

class OutOfStock : public std::runtime_error {
 public:
  explicit OutOfStock(const std::string& item) : std::runtime_error("out of stock: " + item) {}
};

class SpecialOutOfStock : public OutOfStock {
 public:
  using OutOfStock::OutOfStock;
};

// No std::exception.
struct Refund {
  explicit Refund(std::string reason_text) : reason(std::move(reason_text)) {}
  std::string what() const { return reason; }

  std::string reason;
};

struct Silent {
  explicit Silent(const std::string&) {}
};

TROUPE_EXCEPTION(OutOfStock, Refund);
TROUPE_EXCEPTION(Silent);

}  // namespace shop

TROUPE_EXCEPTION(shop::OutOfStock);  // once more, from elsewhere

namespace troupe::test {

std::exception_ptr out_of_stock_thrown_elsewhere();
std::exception_ptr twin_thrown_elsewhere();

}  // namespace troupe::test
