// SPDX-License-Identifier: BSL-1.0
#include "wire/exceptions.hpp"

#include <cxxabi.h>
#include <troupe/error.hpp>

#include <fmt/core.h>

#include <typeinfo>
#include <utility>

#include "wire/exception_registry.hpp"
#include "wire/field_archive.hpp"
#include "wire/registry.hpp"
#include "wire/std_exceptions.hpp"
#include "wire/thrown.hpp"

namespace troupe::wire {
namespace {

using Origin = RemoteError::Origin;

// `error`: the same as std::exception; null when it is none.
void save_type(const std::type_info& type, const std::exception* error, Thrown& thrown) {
  if (const auto* registered = find_registered_exception(type)) {
    thrown.type = registered->type->name();
  } else if (const auto* known = find_std_exception(type)) {
    thrown.type = known->type->name();
    if (known->save != nullptr && error != nullptr) known->save(*error, thrown);
  }
}

std::string text_of(const std::type_info& type, const std::exception* error, const std::exception_ptr& pointer) {
  if (error != nullptr && error->what() != nullptr) return error->what();
  const auto* registered = find_registered_exception(type);
  return registered != nullptr && registered->text != nullptr ? registered->text(pointer) : "(no text)";
}

// One that is thrown for the first time.
Thrown save_new(const std::type_info& type, const std::exception* error, const std::exception_ptr& pointer) {
  Thrown thrown;
  thrown.origin.type_name = readable_type(type.name());
  thrown.origin.text = text_of(type, error, pointer);
  save_type(type, error, thrown);
  return thrown;
}

// One that has crossed before. A RemoteException goes on as the exception that it stands for.
Thrown save_again(const std::type_info& type, const std::exception* error, const RemoteError& remote) {
  Thrown thrown;
  thrown.origin = {remote.type_name(), remote.text(), remote.backtrace(), remote.actor(), remote.pid(), remote.method()};
  save_type(type, error, thrown);
  return thrown;
}

Thrown save_nameless(std::string description) {
  Thrown thrown;
  thrown.origin.type_name = std::move(description);
  thrown.origin.text = "(no text)";
  return thrown;
}

Thrown save(const std::exception_ptr& pointer) {
  if (pointer == nullptr) return save_nameless("an exception_ptr that points to none");
  try {
    std::rethrow_exception(pointer);
  } catch (const InitError& error) {
    return save_new(typeid(error), &error, pointer);
  } catch (const std::exception& error) {
    const auto* remote = dynamic_cast<const RemoteError*>(&error);
    return remote != nullptr ? save_again(typeid(error), &error, *remote) : save_new(typeid(error), &error, pointer);
  } catch (const RemoteError& remote) {
    return save_again(typeid(remote), nullptr, remote);
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    return type != nullptr ? save_new(*type, nullptr, pointer) : save_nameless("an exception of another language");
  }
}

// Null: no type that is known here, or nothing that it can be made of.
std::exception_ptr revive(const Thrown& thrown, const Origin& origin) {
  try {
    if (const auto* registered = find_registered_exception(thrown.type)) return registered->revive(origin);
    if (const auto* known = find_std_exception(thrown.type)) known->raise(thrown, origin);
  } catch (const RemoteError&) {
    return std::current_exception();
  } catch (...) {  // a constructor's own
  }
  return nullptr;
}

}  // namespace

std::vector<std::byte> encode_exception(const std::exception_ptr& pointer, const std::string& backtrace) {
  Thrown thrown = save(pointer);
  if (thrown.origin.backtrace.empty()) thrown.origin.backtrace = backtrace;
  detail::GrowingBuffer buffer;
  FieldArchive{buffer}(thrown);
  return {buffer.bytes().begin(), buffer.bytes().end()};
}

std::exception_ptr decode_exception(std::span<const std::byte> bytes, ThrownBy sender, bool is_from_constructor) {
  Thrown thrown;
  try {
    FieldArchive archive(bytes);
    archive(thrown);
    archive.expect_end();
  } catch (const SerializationError& error) {
    return std::make_exception_ptr(ProtocolError(
        fmt::format("{} (process {}) sent an exception that does not decode: {}", sender.actor, sender.pid, error.what())));
  }
  Origin origin = thrown.origin;
  if (origin.actor.empty()) {
    origin.actor = sender.actor;
    origin.pid = sender.pid;
    origin.method = sender.method;
  }
  if (auto revived = revive(thrown, origin)) return revived;
  if (!is_from_constructor) return std::make_exception_ptr(RemoteException(origin));
  origin.actor = std::move(sender.actor);  // whose constructor it is
  origin.pid = sender.pid;
  origin.method.clear();
  return std::make_exception_ptr(InitError(origin));
}

}  // namespace troupe::wire
