// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <exception>
#include <string>
#include <utility>

#include "wire/exceptions.hpp"

namespace troupe::test {

// What arrives at the caller when `thrown` leaves a method of the actor "worker" in process 42.
inline std::exception_ptr crossed(const std::exception_ptr& thrown) {
  return wire::decode_exception(wire::encode_exception(thrown, "main() at a.cpp:1"), {"worker", 42, "Worker::work"}, false);
}

template <class E, class... Args>
std::exception_ptr crossed(Args&&... args) {
  return crossed(std::make_exception_ptr(E(std::forward<Args>(args)...)));
}

// The same when it leaves the actor's constructor.
inline std::exception_ptr crossed_from_constructor(const std::exception_ptr& thrown) {
  return wire::decode_exception(wire::encode_exception(thrown), {"worker", 42}, true);
}

// What `use` makes of the E that `pointer` points to. Throws it when it is none.
template <class E, class Use>
auto caught_as(const std::exception_ptr& pointer, Use use) {
  try {
    std::rethrow_exception(pointer);
  } catch (const E& error) {
    return use(error);
  }
}

template <class E>
std::string what_of(const std::exception_ptr& pointer) {
  return caught_as<E>(pointer, [](const E& error) { return std::string(error.what()); });
}

}  // namespace troupe::test
