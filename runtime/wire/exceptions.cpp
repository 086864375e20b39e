// SPDX-License-Identifier: BSL-1.0
#include "wire/exceptions.hpp"

#include <cxxabi.h>
#include <troupe/archive.hpp>
#include <troupe/detail/exception_registry.hpp>
#include <troupe/error.hpp>

#include <any>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <memory>
#include <new>
#include <optional>
#include <regex>
#include <system_error>
#include <typeindex>
#include <typeinfo>
#include <variant>

namespace troupe {

namespace detail {

namespace {
std::atomic<ExceptionNode*> exception_nodes{nullptr};
}

void register_exception(ExceptionNode& node) noexcept {
  if (node.is_listed) return;  // registrars run one after the other: before main, or within one dlopen
  node.is_listed = true;
  node.next = exception_nodes.load(std::memory_order_relaxed);
  while (!exception_nodes.compare_exchange_weak(node.next, &node, std::memory_order_release)) {
  }
}

}  // namespace detail

namespace wire {

namespace {

using detail::Transported;
using Origin = RemoteError::Origin;

// As an exception travels.
struct Thrown {
  std::string type;  // typeid name; empty: unknown
  std::string text;
  std::string backtrace;
  std::string category;  // of a std::error_code
  std::int32_t code = 0;
  std::string path1, path2;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(type, text, backtrace, category, code, path1, path2);
  }
};

// The text of an exception that has one of its own; what() is overridden, so that the text survives types that make theirs
// up from something else.
template <class E>
class WithText : public E {
 public:
  template <class... Args>
  explicit WithText(std::string text, Args&&... args)
      : E(std::forward<Args>(args)...), text_(std::make_shared<const std::string>(std::move(text))) {}
  const char* what() const noexcept override { return text_->c_str(); }

 private:
  std::shared_ptr<const std::string> text_;
};

// How one standard type crosses.
struct Codec {
  const std::type_info* type;
  const std::type_info* transported;
  void (*save)(const std::exception& error, Thrown& thrown);
  std::exception_ptr (*make)(const Thrown& thrown, Origin origin);
};

void save_nothing(const std::exception&, Thrown&) {}

template <class E>
std::exception_ptr make_from_text(const Thrown& thrown, Origin origin) {
  return std::make_exception_ptr(Transported<E>(std::move(origin), thrown.text));
}

template <class E>
std::exception_ptr make_plain(const Thrown& thrown, Origin origin) {
  return std::make_exception_ptr(Transported<WithText<E>>(std::move(origin), thrown.text));
}

template <class E>
constexpr Codec text_codec() {
  return {&typeid(E), &typeid(Transported<E>), &save_nothing, &make_from_text<E>};
}

template <class E>
constexpr Codec plain_codec() {
  return {&typeid(E), &typeid(Transported<WithText<E>>), &save_nothing, &make_plain<E>};
}

const std::error_category& category_named(const std::string& name) {
  for (const std::error_category* each :
       {&std::generic_category(), &std::system_category(), &std::iostream_category(), &std::future_category()}) {
    if (name == each->name()) return *each;
  }
  return std::generic_category();
}

std::error_code code_of(const Thrown& thrown) { return {thrown.code, category_named(thrown.category)}; }

void save_code(const std::error_code& code, Thrown& thrown) {
  thrown.category = code.category().name();
  thrown.code = code.value();
}

template <class E>
void save_with_code(const std::exception& error, Thrown& thrown) {
  save_code(dynamic_cast<const E&>(error).code(), thrown);
}

template <class E>
std::exception_ptr make_with_code(const Thrown& thrown, Origin origin) {
  return std::make_exception_ptr(Transported<WithText<E>>(std::move(origin), thrown.text, code_of(thrown)));
}

std::exception_ptr make_ios_failure(const Thrown& thrown, Origin origin) {
  return std::make_exception_ptr(
      Transported<WithText<std::ios_base::failure>>(std::move(origin), thrown.text, thrown.text, code_of(thrown)));
}

std::exception_ptr make_future_error(const Thrown& thrown, Origin origin) {
  return std::make_exception_ptr(
      Transported<WithText<std::future_error>>(std::move(origin), thrown.text, static_cast<std::future_errc>(thrown.code)));
}

void save_regex_error(const std::exception& error, Thrown& thrown) {
  thrown.code = static_cast<std::int32_t>(dynamic_cast<const std::regex_error&>(error).code());
}

std::exception_ptr make_regex_error(const Thrown& thrown, Origin origin) {
  return std::make_exception_ptr(Transported<WithText<std::regex_error>>(
      std::move(origin), thrown.text, static_cast<std::regex_constants::error_type>(thrown.code)));
}

void save_filesystem_error(const std::exception& error, Thrown& thrown) {
  const auto& failure = dynamic_cast<const std::filesystem::filesystem_error&>(error);
  save_code(failure.code(), thrown);
  thrown.path1 = failure.path1().string();
  thrown.path2 = failure.path2().string();
}

std::exception_ptr make_filesystem_error(const Thrown& thrown, Origin origin) {
  return std::make_exception_ptr(Transported<WithText<std::filesystem::filesystem_error>>(
      std::move(origin), thrown.text, thrown.text, thrown.path1, thrown.path2, code_of(thrown)));
}

template <class E>
const std::type_info* transported_with_text() {
  return &typeid(Transported<WithText<E>>);
}

// Matched by exact type.
const Codec kCodecs[] = {
    text_codec<std::logic_error>(),
    text_codec<std::invalid_argument>(),
    text_codec<std::domain_error>(),
    text_codec<std::length_error>(),
    text_codec<std::out_of_range>(),
    text_codec<std::runtime_error>(),
    text_codec<std::range_error>(),
    text_codec<std::overflow_error>(),
    text_codec<std::underflow_error>(),
    plain_codec<std::exception>(),
    plain_codec<std::bad_alloc>(),
    plain_codec<std::bad_array_new_length>(),
    plain_codec<std::bad_cast>(),
    plain_codec<std::bad_any_cast>(),
    plain_codec<std::bad_typeid>(),
    plain_codec<std::bad_function_call>(),
    plain_codec<std::bad_weak_ptr>(),
    plain_codec<std::bad_exception>(),
    plain_codec<std::bad_optional_access>(),
    plain_codec<std::bad_variant_access>(),
    {&typeid(std::system_error), transported_with_text<std::system_error>(), &save_with_code<std::system_error>,
     &make_with_code<std::system_error>},
    {&typeid(std::ios_base::failure), transported_with_text<std::ios_base::failure>(), &save_with_code<std::ios_base::failure>,
     &make_ios_failure},
    {&typeid(std::future_error), transported_with_text<std::future_error>(), &save_with_code<std::future_error>,
     &make_future_error},
    {&typeid(std::regex_error), transported_with_text<std::regex_error>(), &save_regex_error, &make_regex_error},
    {&typeid(std::filesystem::filesystem_error), transported_with_text<std::filesystem::filesystem_error>(),
     &save_filesystem_error, &make_filesystem_error},
};

template <class Match>
const Codec* find_codec(const Match& match) {
  for (const Codec& each : kCodecs) {
    if (match(each.type) || match(each.transported)) return &each;
  }
  return nullptr;
}

template <class Match>
const detail::ExceptionNode* find_registered(const Match& match) {
  for (auto* each = detail::exception_nodes.load(std::memory_order_acquire); each != nullptr; each = each->next) {
    if (match(each->type) || match(each->transported)) return each;
  }
  return nullptr;
}

std::string readable(const char* type_name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(type_name, nullptr, nullptr, &status), &std::free);
  return status == 0 && text != nullptr ? text.get() : type_name;
}

void save_exception(const std::exception& error, Thrown& thrown) {
  const std::type_info& type = typeid(error);
  const auto is_it = [&](const std::type_info* each) { return *each == type; };
  thrown.text = error.what() != nullptr ? error.what() : "(no text)";
  thrown.type = type.name();
  if (const auto* registered = find_registered(is_it)) {
    thrown.type = registered->type->name();
  } else if (const Codec* codec = find_codec(is_it)) {
    thrown.type = codec->type->name();
    codec->save(error, thrown);
  } else if (const auto* remote = dynamic_cast<const RemoteException*>(&error)) {
    thrown.type = remote->type_name();  // it has come from elsewhere and goes on as what it was
    thrown.text = remote->text();
  }
}

Thrown describe(const std::exception_ptr& error) {
  Thrown thrown;
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& each) {
    save_exception(each, thrown);
  } catch (...) {
    if (const auto* type = abi::__cxa_current_exception_type()) thrown.type = type->name();
    thrown.text = "(no text)";
  }
  return thrown;
}

}  // namespace

std::vector<std::byte> encode_exception(const std::exception_ptr& thrown, const std::string& backtrace) {
  Thrown description = describe(thrown);
  description.backtrace = backtrace;
  detail::GrowingBuffer buffer;
  detail::encode(buffer, description);
  return {buffer.bytes().begin(), buffer.bytes().end()};
}

std::exception_ptr decode_exception(std::span<const std::byte> bytes, std::string actor, int pid, bool is_from_constructor) {
  Thrown thrown;
  try {
    detail::decode(bytes, thrown);
  } catch (const SerializationError& error) {
    return std::make_exception_ptr(ProtocolError(actor + " sent an exception that does not decode: " + error.what()));
  }
  Origin origin{readable(thrown.type.c_str()), thrown.text, thrown.backtrace, std::move(actor), pid};
  const auto is_named = [&](const std::type_info* each) { return thrown.type == each->name(); };
  if (const auto* registered = find_registered(is_named)) return registered->make(std::move(origin));
  if (const Codec* codec = find_codec(is_named)) return codec->make(thrown, std::move(origin));
  if (is_from_constructor) return std::make_exception_ptr(InitError(std::move(origin)));
  return std::make_exception_ptr(RemoteException(std::move(origin)));
}

}  // namespace wire
}  // namespace troupe
