// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/error.hpp>

#include <exception>
#include <string>
#include <typeinfo>
#include <utility>

namespace troupe::detail {

// An E that was thrown in another process: caught as E and as RemoteError.
template <class E>
class Transported final : public E, public RemoteError {
 public:
  template <class... Args>
  explicit Transported(Origin origin, Args&&... args) : E(std::forward<Args>(args)...), RemoteError(std::move(origin)) {}
};

// How an exception type of the user's crosses. Identified on the wire by the type's own name.
struct ExceptionNode {
  const std::type_info* type;
  std::exception_ptr (*make)(RemoteError::Origin origin);
  const std::type_info* transported;  // what `make` makes: crosses again as `type`
  ExceptionNode* next = nullptr;
  bool is_listed = false;
};

void register_exception(ExceptionNode& node) noexcept;

struct ExceptionRegistrar {
  explicit ExceptionRegistrar(ExceptionNode& node) noexcept { register_exception(node); }
};

template <class E>
class ExceptionRegistration {
 public:
  static void use() noexcept { (void)&registrar_; }

 private:
  static std::exception_ptr make(RemoteError::Origin origin) {
    std::string text = origin.text;
    return std::make_exception_ptr(Transported<E>(std::move(origin), std::move(text)));
  }

  static inline constinit ExceptionNode node_{&typeid(E), &make, &typeid(Transported<E>)};
  static inline const ExceptionRegistrar registrar_{node_};
};

template <class... E>
struct RegisterExceptions {
  RegisterExceptions() noexcept { (ExceptionRegistration<E>::use(), ...); }
};

}  // namespace troupe::detail

// An exception of these types that leaves an actor's method is caught at the caller as its own type and as RemoteError.
// In any namespace, in a header, more than once. The types: not final, copyable, constructible from std::string; matched
// exactly.
#define TROUPE_EXCEPTION(...) TROUPE_EXCEPTION_AT(__COUNTER__, __VA_ARGS__)
#define TROUPE_EXCEPTION_AT(NUMBER, ...) TROUPE_EXCEPTION_NAMED(NUMBER, __VA_ARGS__)
#define TROUPE_EXCEPTION_NAMED(NUMBER, ...) \
  [[maybe_unused]] static const ::troupe::detail::RegisterExceptions<__VA_ARGS__> troupe_exceptions_##NUMBER {}
