// SPDX-License-Identifier: BSL-1.0
#include "wire/error_categories.hpp"

#include <fmt/core.h>

#include <forward_list>
#include <future>
#include <ios>
#include <mutex>
#include <string>

namespace troupe::wire {
namespace {

class ForeignCategory final : public std::error_category {
 public:
  explicit ForeignCategory(std::string_view name) : name_(name) {}
  const char* name() const noexcept override { return name_.c_str(); }
  std::string message(int code) const override { return fmt::format("error {} of category {}", code, name_); }
  std::error_condition default_error_condition(int code) const noexcept override { return {code, *this}; }

 private:
  const std::string name_;
};

// Categories are compared by address and never destroyed, and names come from other processes: so there is a limit.
constexpr int kMostForeignCategories = 256;

const std::error_category& foreign_category(std::string_view name) {
  static std::mutex& mutex = *new std::mutex;
  static auto& categories = *new std::forward_list<ForeignCategory>;  // guarded by mutex
  static auto& overflow = *new ForeignCategory("unknown");
  static int count = 0;  // guarded by mutex
  const std::lock_guard lock(mutex);
  for (const ForeignCategory& each : categories) {
    if (name == each.name()) return each;
  }
  if (count == kMostForeignCategories) return overflow;
  ++count;
  return categories.emplace_front(name);
}

}  // namespace

const std::error_category& category_named(std::string_view name) {
  for (const std::error_category* each :
       {&std::generic_category(), &std::system_category(), &std::iostream_category(), &std::future_category()}) {
    if (name == each->name()) return *each;
  }
  return foreign_category(name);
}

}  // namespace troupe::wire
