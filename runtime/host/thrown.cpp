// SPDX-License-Identifier: BSL-1.0
#include "host/thrown.hpp"

#include <cxxabi.h>
#include <troupe/detail/streams.hpp>
#include <troupe/error.hpp>

#include <new>
#include <stdexcept>
#include <system_error>
#include <typeinfo>

#include "wire/exceptions.hpp"
#include "wire/registry.hpp"

namespace troupe::host {

namespace {

std::string description_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& error) {
    return wire::readable_type(typeid(error).name()) + ": " + error.what();
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    return type != nullptr ? wire::readable_type(type->name()) : "an exception of a foreign language";
  }
}

}  // namespace

std::string describe(const std::exception_ptr& thrown) {
  try {
    return description_of(thrown);
  } catch (const std::bad_alloc&) {
    return "out of memory";  // short enough to need none
  }
}

namespace {

template <class E>
bool is_of_type(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const E&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace

bool is_want_of_memory(const std::exception_ptr& thrown) { return is_of_type<std::bad_alloc>(thrown); }
bool is_cancellation(const std::exception_ptr& thrown) { return is_of_type<CancelledError>(thrown); }
bool is_unknown_stream(const std::exception_ptr& thrown) { return is_of_type<detail::UnknownStream>(thrown); }

// Encoding runs code of the exception's own class, so anything may be thrown here.
std::vector<std::byte> encode_within(const std::exception_ptr& thrown, std::size_t limit_bytes) {
  constexpr std::size_t kFrameBytes = 256;  // an encoded std::runtime_error beside its text
  try {
    auto bytes = wire::encode_exception(thrown);
    if (bytes.size() <= limit_bytes) return bytes;
    const std::string text = describe(thrown).substr(0, limit_bytes - kFrameBytes) + "...";
    bytes = wire::encode_exception(std::make_exception_ptr(std::runtime_error(text)));
    if (bytes.size() <= limit_bytes) return bytes;
  } catch (...) {
  }
  return {};
}

wire::Failure failure_of(const std::exception_ptr& thrown) {
  wire::Failure failure;
  try {
    std::rethrow_exception(thrown);
  } catch (const IncompatibleInterface& error) {
    failure.kind = wire::Refusal::incompatible;
    failure.text = error.what();
  } catch (const ProtocolError& error) {
    failure.kind = wire::Refusal::protocol;
    failure.text = error.what();
  } catch (const std::exception& error) {
    failure.kind = wire::Refusal::no_memory;
    failure.text = error.what();
  }
  return failure;
}

}  // namespace troupe::host
