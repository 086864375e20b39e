// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/registry.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <typeinfo>
#include <vector>

// What a module (a shared library that holds actors) says of itself to the host process that loads it. Made by
// <troupe/module.hpp>, read by the runtime.
namespace troupe::detail {

// Both must have been compiled alike: they share classes. For people, too.
#ifdef _GLIBCXX_DEBUG
#define TROUPE_DETAIL_CONTAINERS ", checked containers"
#else
#define TROUPE_DETAIL_CONTAINERS ""
#endif
#define TROUPE_DETAIL_TEXT_OF(VALUE) #VALUE
#define TROUPE_DETAIL_TEXT(VALUE) TROUPE_DETAIL_TEXT_OF(VALUE)
inline constexpr const char* kModuleBuild =
    "troupe 0.1.0, modules 1, C++ " TROUPE_DETAIL_TEXT(__cplusplus) ", C++ ABI " TROUPE_DETAIL_TEXT(
        __GXX_ABI_VERSION) ", std::string " TROUPE_DETAIL_TEXT(_GLIBCXX_USE_CXX11_ABI) TROUPE_DETAIL_CONTAINERS;
#undef TROUPE_DETAIL_TEXT
#undef TROUPE_DETAIL_TEXT_OF
#undef TROUPE_DETAIL_CONTAINERS

// Arguments as JSON texts, one each.
using JsonTexts = std::span<const std::string>;

struct ModuleConstructor {
  const char* parameters;  // typeid's name of void(parameters...), as they travel
  RegistrationNode* node;
  // What is wrong with such arguments; empty: nothing.
  std::string (*objection)(JsonTexts arguments);
  void* (*make)(JsonTexts arguments);
};

// The class itself, and each of its bases that it may be spawned as.
struct ModuleInterface {
  const std::type_info* type;
  ActorInstance (*as)(void* actor);  // which is one of the class; what comes is one of the interface
};

struct ModuleMethod {
  std::string name;
  const char* function_type;  // typeid's name of result(parameters...)
  void (*call)(void* actor, JsonTexts arguments, Invocation& invocation, const std::string& signature);
};

struct ModuleClass {
  std::string name;
  const std::type_info* type;
  std::vector<ModuleInterface> interfaces;
  std::vector<ModuleConstructor> constructors;
  std::vector<ModuleMethod> methods;
};

// `build` comes first, for ever: it says whether the rest can be read.
struct ModuleTable {
  const char* build;
  std::vector<const ModuleClass*> classes;
};

// The function by which the table is found has C linkage, and this name.
inline constexpr const char* kModuleSymbol = "troupe_module";
using ModuleFunction = const ModuleTable* (*)();

// "add(int, std::string) -> bool" out of a name and the typeid name of a function's type; "int" out of a type's.
std::string signature_text(const std::string& name, const char* function_type);
std::string type_text(const char* type_name);

// Calls a method by its name with JSON texts; without a name it tells the signatures of all, a line each. Errors:
// SerializationError that names the method, the argument and what is wanted, or all methods that there are, before anything of
// the actor has run.
void call_by_name(const ModuleClass& made, void* actor, Invocation& invocation);

// What a call by name is sent as: its arguments are the method's name and a vector of JSON texts, its result is a JSON text.
const RegistrationNode& by_name_node() noexcept;

}  // namespace troupe::detail
