// SPDX-License-Identifier: BSL-1.0
#include "wire/std_exceptions.hpp"

#include <troupe/detail/exception_registry.hpp>

#include <algorithm>
#include <any>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <memory>
#include <new>
#include <optional>
#include <regex>
#include <stdexcept>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>

#include "wire/error_categories.hpp"

namespace troupe::wire {
namespace {

using detail::Transported;
using Origin = RemoteError::Origin;

template <class E>
void raise_from_text(const Thrown& thrown, const Origin& origin) {
  if constexpr (std::is_constructible_v<E, const std::string&>) {
    throw Transported<E>(origin, thrown.origin.text);
  } else {
    throw Transported<E>(origin);
  }
}

template <class E>
constexpr StdException with_text() {
  return {&typeid(E), &typeid(Transported<E>), nullptr, &raise_from_text<E>};
}

std::error_code code_of(const Thrown& thrown) { return {thrown.code, category_named(thrown.category)}; }

template <class E>
void save_code(const std::exception& error, Thrown& thrown) {
  const std::error_code& code = dynamic_cast<const E&>(error).code();
  thrown.category = code.category().name();
  thrown.code = code.value();
}

void raise_system_error(const Thrown& thrown, const Origin& origin) {
  throw Transported<std::system_error>(origin, code_of(thrown), thrown.origin.text);
}

void raise_ios_failure(const Thrown& thrown, const Origin& origin) {
  throw Transported<std::ios_base::failure>(origin, thrown.origin.text, code_of(thrown));
}

void raise_future_error(const Thrown& thrown, const Origin& origin) {
  throw Transported<std::future_error>(origin, static_cast<std::future_errc>(thrown.code));
}

void save_regex_error(const std::exception& error, Thrown& thrown) {
  thrown.code = static_cast<std::int32_t>(dynamic_cast<const std::regex_error&>(error).code());
}

// An enumeration without a fixed type: a value past its enumerators would be undefined.
void raise_regex_error(const Thrown& thrown, const Origin& origin) {
  if (thrown.code < 0 || thrown.code > static_cast<std::int32_t>(std::regex_constants::error_stack)) return;
  const auto code = static_cast<std::regex_constants::error_type>(thrown.code);
  throw Transported<std::regex_error>(origin, code);
}

void save_filesystem_error(const std::exception& error, Thrown& thrown) {
  save_code<std::filesystem::filesystem_error>(error, thrown);
  const auto& failure = dynamic_cast<const std::filesystem::filesystem_error&>(error);
  thrown.path1 = failure.path1().string();
  thrown.path2 = failure.path2().string();
}

void raise_filesystem_error(const Thrown& thrown, const Origin& origin) {
  throw Transported<std::filesystem::filesystem_error>(origin, thrown.origin.text, thrown.path1, thrown.path2, code_of(thrown));
}

template <class E>
constexpr StdException with_more(void (*save)(const std::exception&, Thrown&), void (*raise)(const Thrown&, const Origin&)) {
  return {&typeid(E), &typeid(Transported<E>), save, raise};
}

const StdException kStdExceptions[] = {
    with_text<std::exception>(),
    with_text<std::logic_error>(),
    with_text<std::invalid_argument>(),
    with_text<std::domain_error>(),
    with_text<std::length_error>(),
    with_text<std::out_of_range>(),
    with_text<std::runtime_error>(),
    with_text<std::range_error>(),
    with_text<std::overflow_error>(),
    with_text<std::underflow_error>(),
    with_text<std::bad_alloc>(),
    with_text<std::bad_array_new_length>(),
    with_text<std::bad_cast>(),
    with_text<std::bad_any_cast>(),
    with_text<std::bad_typeid>(),
    with_text<std::bad_function_call>(),
    with_text<std::bad_weak_ptr>(),
    with_text<std::bad_exception>(),
    with_text<std::bad_optional_access>(),
    with_text<std::bad_variant_access>(),
    with_more<std::system_error>(&save_code<std::system_error>, &raise_system_error),
    with_more<std::ios_base::failure>(&save_code<std::ios_base::failure>, &raise_ios_failure),
    with_more<std::future_error>(&save_code<std::future_error>, &raise_future_error),
    with_more<std::regex_error>(&save_regex_error, &raise_regex_error),
    with_more<std::filesystem::filesystem_error>(&save_filesystem_error, &raise_filesystem_error),
};

// libstdc++'s streams throw a class of their own that derives from std::ios_base::failure.
constexpr std::string_view kThrownByStreams = "St13__ios_failure";

template <class Matches>
const StdException* find(Matches matches) {
  const auto found = std::find_if(std::begin(kStdExceptions), std::end(kStdExceptions), matches);
  return found == std::end(kStdExceptions) ? nullptr : found;
}

}  // namespace

const StdException* find_std_exception(const std::type_info& type) {
  if (type.name() == kThrownByStreams) return find_std_exception(typeid(std::ios_base::failure));
  return find([&](const StdException& each) { return *each.type == type || *each.transported == type; });
}

const StdException* find_std_exception(std::string_view name) {
  return find([&](const StdException& each) { return each.type->name() == name; });
}

}  // namespace troupe::wire
