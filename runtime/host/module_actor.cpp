// SPDX-License-Identifier: BSL-1.0
#include "host/module_actor.hpp"

#include <troupe/archive.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <string_view>
#include <vector>

#include "base/quoted_name.hpp"
#include "platform/executable.hpp"
#include "wire/library.hpp"
#include "wire/registry.hpp"

namespace troupe::host {
namespace {

using detail::ModuleClass;
using detail::ModuleConstructor;
using detail::ModuleInterface;
using detail::ModuleTable;

static_assert(std::string_view(detail::kModuleBuild).starts_with(wire::kLibraryVersion), "of one version");

const std::string& name_in(const ModuleClass* made) { return made->name; }
const std::string& name_in(const detail::ModuleMethod& method) { return method.name; }

// The runtime's symbols are the program's to give; others, of a library that the module was not linked to.
platform::LoadedModule load(const std::string& path) try { return platform::load_module(path); } catch (const StartError& error) {
  const std::string text = error.what();
  const auto symbol = text.find("undefined symbol");
  if (symbol == std::string::npos || text.find("6troupe", symbol) == std::string::npos) throw ModuleRefusal(text);
  throw ModuleRefusal(text + "; modules find the runtime in the program that loads them: link that to troupe::module_host");
}

template <class Named>
void check_names(const std::string& path, const char* what, const std::vector<Named>& all) {
  std::set<std::string> names;
  for (const auto& each : all) {
    if (!names.insert(name_in(each)).second)
      throw ModuleRefusal(fmt::format("the module {} has two {} named {}", path, what, detail::quoted_name(name_in(each))));
  }
}

const ModuleTable& checked(const ModuleTable& table, const std::string& path) {
  check_names(path, "actors", table.classes);
  for (const ModuleClass* each : table.classes) check_names(path, "methods of one actor", each->methods);
  return table;
}

const ModuleTable& table_of(const std::string& path) {
  const platform::LoadedModule loaded = load(path);
  const auto function = reinterpret_cast<detail::ModuleFunction>(platform::symbol_of(loaded, detail::kModuleSymbol));
  if (function == nullptr)
    throw ModuleRefusal(
        fmt::format("{} is a library, and no module: it has no TROUPE_MODULE(…), from <troupe/module.hpp>", path));
  const ModuleTable& table = *function();
  if (std::strcmp(table.build, detail::kModuleBuild) != 0)
    throw ModuleRefusal(fmt::format("{} was built with {}, and this program with {}; build both with the same", path, table.build,
                                    detail::kModuleBuild));
  return checked(table, path);
}

const ModuleInterface* interface_of(const ModuleClass& made, const std::string& actor_type) {
  const auto found = std::ranges::find_if(made.interfaces, [&](const auto& each) { return actor_type == each.type->name(); });
  return found != made.interfaces.end() ? &*found : nullptr;
}

std::string names_of(const std::vector<const ModuleClass*>& classes) {
  std::vector<std::string> names;
  for (const ModuleClass* each : classes) names.push_back(each->name);
  return fmt::format("{}", fmt::join(names, ", "));
}

const ModuleClass& class_named(const ModuleTable& table, const wire::ActorModule& module) {
  const auto found = std::ranges::find(table.classes, module.name, &ModuleClass::name);
  if (found != table.classes.end()) return **found;
  throw ModuleRefusal(fmt::format("the module {} has no actor {}; it has: {}", module.path, detail::quoted_name(module.name),
                                  names_of(table.classes)));
}

const ModuleClass& only_class_of(const ModuleTable& table, const wire::ActorModule& module, const std::string& actor_type) {
  std::vector<const ModuleClass*> fitting;
  std::ranges::copy_if(table.classes, std::back_inserter(fitting),
                       [&](const auto* each) { return interface_of(*each, actor_type) != nullptr; });
  if (fitting.size() == 1) return *fitting.front();
  const std::string type = wire::readable_type(actor_type.c_str());
  if (fitting.empty())
    throw ModuleRefusal(fmt::format("the module {} has no actor that is a {}; it has: {} (of which none implements<{}>())",
                                    module.path, type, names_of(table.classes), type));
  throw ModuleRefusal(fmt::format("the module {} has more than one actor that is a {}: {}; say which one in SpawnOptions::actor",
                                  module.path, type, names_of(fitting)));
}

// "Counter(int)"
std::string text_of(const ModuleClass& made, const char* parameters) {
  const std::string text = wire::readable_signature(made.name, parameters);
  return text.substr(0, text.rfind(" -> "));
}

std::string constructors_text(const ModuleClass& made) {
  std::vector<std::string> texts;
  for (const ModuleConstructor& each : made.constructors) texts.push_back(text_of(made, each.parameters));
  return texts.empty() ? "it has no constructor<…>()" : fmt::format("it has: {}", fmt::join(texts, ", "));
}

const ModuleConstructor& constructor_for(const ModuleClass& made, const std::string& parameters) {
  const auto found = std::ranges::find_if(made.constructors, [&](const auto& each) { return parameters == each.parameters; });
  if (found != made.constructors.end()) return *found;
  throw ModuleRefusal(fmt::format("no constructor {}; {}", text_of(made, parameters.c_str()), constructors_text(made)));
}

std::vector<std::string> texts_in(std::span<const std::byte> arguments) {
  std::vector<std::string> texts;
  if (!arguments.empty()) detail::decode(arguments, texts);
  return texts;
}

const ModuleConstructor& constructor_for(const ModuleClass& made, const std::vector<std::string>& texts) {
  std::vector<std::string> objections;
  for (const ModuleConstructor& each : made.constructors) {
    const std::string objection = each.objection(texts);
    if (objection.empty()) return each;
    objections.push_back(text_of(made, each.parameters) + ": " + objection);
  }
  throw ModuleRefusal(fmt::format("{} cannot be made from these arguments; {}", made.name,
                                  objections.empty() ? constructors_text(made) : fmt::format("{}", fmt::join(objections, "; "))));
}

}  // namespace

detail::ActorInstance ModuleMaker::make(std::span<const std::byte> arguments) const {
  void* const actor = has_json ? constructor->make(texts_in(arguments)) : constructor->node->construct(arguments).object;
  return interface->as(actor);
}

ModuleMaker maker_in(const wire::ActorModule& module, const std::string& actor_type, std::span<const std::byte> arguments) {
  const ModuleTable& table = table_of(module.path);
  const bool has_json = module.parameters.empty();
  const ModuleClass& made = module.name.empty() ? only_class_of(table, module, actor_type) : class_named(table, module);
  const ModuleInterface* const interface = has_json ? &made.interfaces.front() : interface_of(made, actor_type);
  if (interface == nullptr)
    throw ModuleRefusal(fmt::format("{} of the module {} is no {}: add implements<{}>() to what TROUPE_MODULE says of it",
                                    made.name, module.path, wire::readable_type(actor_type.c_str()),
                                    wire::readable_type(actor_type.c_str())));
  const auto& constructor = has_json ? constructor_for(made, texts_in(arguments)) : constructor_for(made, module.parameters);
  return {&constructor, interface, has_json};
}

}  // namespace troupe::host

namespace troupe::detail {

namespace {

std::string methods_text(const ModuleClass& made, const char* between) {
  std::vector<std::string> texts;
  for (const ModuleMethod& each : made.methods) texts.push_back(signature_text(each.name, each.function_type));
  return fmt::format("{}", fmt::join(texts, between));
}

[[noreturn]] void refuse_name(const ModuleClass& made, const std::string& name) {
  throw SerializationError(
      fmt::format("{} has no method {}; {}", made.name, quoted_name(name),
                  made.methods.empty() ? "it has none that can be called by name" : "it has: " + methods_text(made, "; ")),
      Direction::argument);
}

void tell_methods(const ModuleClass& made, Invocation& invocation) {
  invocation.entered();
  GrowingBuffer text(GrowingBuffer::kLargestArguments, Direction::result);
  encode(text, methods_text(made, "\n"));
  if (invocation.wants_reply()) invocation.reply_with(text);
}

}  // namespace

void call_by_name(const ModuleClass& made, void* actor, Invocation& invocation) {
  std::string name;
  std::vector<std::string> arguments;
  decode(invocation.arguments(), name, arguments);
  if (name.empty()) return tell_methods(made, invocation);
  const auto found = std::ranges::find(made.methods, name, &ModuleMethod::name);
  if (found == made.methods.end()) refuse_name(made, name);
  found->call(actor, arguments, invocation, signature_text(found->name, found->function_type));
}

}  // namespace troupe::detail
