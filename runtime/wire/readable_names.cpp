// SPDX-License-Identifier: BSL-1.0
#include <cxxabi.h>
#include <troupe/detail/module_table.hpp>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "wire/registry.hpp"

// Names for people, out of what compilers print. Nothing depends on them: a text that is not understood is given whole.
namespace troupe::wire {
namespace {

void replace_all(std::string& text, std::string_view part, std::string_view by) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + by.size()))
    text.replace(at, part.size(), by);
}

std::string simplified(std::string text) {
  for (const std::string_view noise : {"__cxx11::", "{anonymous}::", "(anonymous namespace)::"}) replace_all(text, noise, "");
  replace_all(text, "std::basic_string<char, std::char_traits<char>, std::allocator<char> >", "std::string");
  return text;
}

constexpr std::size_t kMostMangledBytes = 1024;
constexpr std::size_t kMostReadableBytes = 4 * 1024;
constexpr int kMostReferences = 16;  // each may double what the name becomes

// A back reference of a mangled name, to an earlier part (S_, S0_ …) or to a template argument (T_, T0_ …), starts here.
bool is_reference(std::string_view rest) {
  if (rest.front() != 'S' && rest.front() != 'T') return false;
  const auto end = rest.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", 1);
  return end != std::string_view::npos && rest[end] == '_';
}

// Some names come from other processes, and a short one can stand for gigabytes.
bool is_harmless(std::string_view mangled) {
  if (mangled.size() > kMostMangledBytes) return false;
  int references = 0;
  for (std::size_t at = 0; at < mangled.size(); ++at) references += is_reference(mangled.substr(at)) ? 1 : 0;
  return references <= kMostReferences;
}

bool is_of(std::string_view signature, std::string_view key) { return signature.find(key) != std::string_view::npos; }

// The value of the last template argument if it is a pointer to member, without its '&': "[with … = &Counter::add]" (GCC),
// "[…, kMember = &Counter::add]" (clang), or the last one of a key: "…Key<Counter, &Counter::add>…".
std::string_view member_in(std::string_view signature) {
  const auto close = signature.rfind(']');
  if (close == std::string_view::npos) return {};
  std::string_view rest = signature.substr(0, close);
  if (const auto value = rest.rfind(" = &"); value != std::string_view::npos) return rest.substr(value + 4);
  const auto value = rest.rfind(", &");
  if (value == std::string_view::npos) return {};
  rest = rest.substr(value + 3);
  return rest.substr(0, rest.rfind('>', rest.find("; ")));
}

// Where the list of parameters at the end of a function type's text begins; npos: there is none.
std::size_t begin_of_parameters(std::string_view text) {
  int depth = 0;
  for (std::size_t at = text.size(); at-- != 0;) {
    if (text[at] == ')') ++depth;
    if (text[at] == '(' && --depth == 0) return at;
    if (depth == 0) break;
  }
  return std::string_view::npos;
}

// "f", where it is fn<&f>.
std::string name_of_run(std::string_view signature, const std::string& actor_type) {
  constexpr std::string_view kFunction = "FunctionObject<";
  if (const auto function = signature.find(kFunction); function != std::string_view::npos) {
    std::string_view name = signature.substr(function + kFunction.size());
    name = name.substr(0, name.find_first_of("<>"));  // of a template without its arguments
    if (name.starts_with('&')) name.remove_prefix(1);
    if (!name.empty()) return simplified(std::string(name));
  }
  return actor_type.ends_with("::PoolWorker") ? "a pool's function" : "function run on " + actor_type;
}

}  // namespace

std::string readable_type(const char* type_name) {
  if (!is_harmless(type_name)) return type_name;
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(type_name, nullptr, nullptr, &status), &std::free);
  std::string readable = simplified(status == 0 && text ? text.get() : type_name);
  return readable.size() <= kMostReadableBytes ? readable : type_name;
}

// Demangled, it is "bool (int, std::string)".
std::string readable_signature(std::string_view name, const char* function_type_name) {
  const std::string type = readable_type(function_type_name);
  const auto parameters = begin_of_parameters(type);
  if (parameters == std::string_view::npos) return std::string(name) + ": " + type;
  const auto end_of_result = type.find_last_not_of(' ', parameters == 0 ? 0 : parameters - 1);
  return std::string(name) + type.substr(parameters) + " -> " + type.substr(0, end_of_result + 1);
}

std::string readable_name(const detail::RegistrationNode& node) {
  const std::string_view signature = node.signature;
  if (is_of(signature, "ConstructorKey<")) return "constructor of " + readable_type(node.actor_type->name());
  if (is_of(signature, "RunKey<")) return name_of_run(signature, readable_type(node.actor_type->name()));
  const std::string_view member = member_in(signature);
  return simplified(std::string(member.empty() ? signature : member));
}

}  // namespace troupe::wire

namespace troupe::detail {

std::string signature_text(const std::string& name, const char* function_type) {
  return wire::readable_signature(name, function_type);
}

std::string type_text(const char* type_name) { return wire::readable_type(type_name); }

}  // namespace troupe::detail
