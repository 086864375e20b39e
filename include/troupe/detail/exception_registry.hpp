// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/error.hpp>

#include <exception>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

// The types that TROUPE_EXCEPTION names, and how they are thrown again in another process.
namespace troupe::detail {

template <class E>
concept StdException = std::is_base_of_v<std::exception, E>;

// An E that was thrown in another process: caught as E and as RemoteError.
template <class E>
class Transported final : public E, public RemoteError {
 public:
  template <class... Args>
  explicit Transported(const RemoteError::Origin& origin, Args&&... args) : E(std::forward<Args>(args)...), RemoteError(origin) {}
};

// Its what() is the text that was thrown, whatever E's constructors make of it.
template <StdException E>
class Transported<E> final : public E, public RemoteError {
 public:
  template <class... Args>
  explicit Transported(const RemoteError::Origin& origin, Args&&... args) : E(std::forward<Args>(args)...), RemoteError(origin) {}

  const char* what() const noexcept override { return RemoteError::text().c_str(); }
};

// How an exception type of the user's crosses. Another process knows it by the name that its typeid gives.
struct ExceptionNode {
  const std::type_info* type;
  const std::type_info* transported;  // what revive() makes: it crosses again as `type`
  std::exception_ptr (*revive)(const RemoteError::Origin& origin);
  std::string (*text)(const std::exception_ptr& thrown);  // of a `type`; null: std::exception says it
  ExceptionNode* next = nullptr;
};

// Called before main for the executable and its libraries, and during dlopen for later ones.
void register_exception(ExceptionNode& node) noexcept;

struct ExceptionRegistrar {
  explicit ExceptionRegistrar(ExceptionNode& node) noexcept { register_exception(node); }
};

template <class E>
class ExceptionRegistration {
  static_assert(std::is_class_v<E> && !std::is_final_v<E>,
                "troupe: TROUPE_EXCEPTION needs a class that is not final: what is thrown at the caller derives from it; remove "
                "`final`, or leave the class out, and catch RemoteException");
  static_assert(
      std::is_constructible_v<E, std::string>,
      "troupe: TROUPE_EXCEPTION needs a constructor from std::string: it gets the text of what(); add one, or leave the "
      "class out, and catch RemoteException");
  static_assert(
      std::is_copy_constructible_v<E>,
      "troupe: TROUPE_EXCEPTION needs a copyable class, like everything that is thrown; hold what cannot be copied in a "
      "std::shared_ptr");
  static_assert(
      !std::is_base_of_v<RemoteError, E>,
      "troupe: TROUPE_EXCEPTION is for classes of the program: one that derives from RemoteError would be one twice at the "
      "caller; derive it from Error or std::runtime_error");

 public:
  static void use() noexcept { (void)&registrar_; }  // instantiates it: the registrar runs before main

 private:
  static std::exception_ptr revive(const RemoteError::Origin& origin) {
    return std::make_exception_ptr(Transported<E>(origin, origin.text));
  }
  static std::string text(const std::exception_ptr& thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const E& error) {
      if constexpr (requires { std::string(error.what()); }) return std::string(error.what());
    } catch (...) {
    }
    return "(no text)";
  }

  static inline constinit ExceptionNode node_{&typeid(E), &typeid(Transported<E>), &revive, StdException<E> ? nullptr : &text};
  static inline const ExceptionRegistrar registrar_{node_};
};

template <class... E>
struct RegisterExceptions {
  RegisterExceptions() noexcept { (ExceptionRegistration<E>::use(), ...); }
};

}  // namespace troupe::detail

#define TROUPE_DETAIL_EXCEPTION_AT(NUMBER, ...) TROUPE_DETAIL_EXCEPTION_NAMED(NUMBER, __VA_ARGS__)
#define TROUPE_DETAIL_EXCEPTION_NAMED(NUMBER, ...) \
  [[maybe_unused]] static const ::troupe::detail::RegisterExceptions<__VA_ARGS__> troupe_exceptions_##NUMBER {}
