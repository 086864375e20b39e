// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/module_table.hpp>
#include <troupe/error.hpp>

#include <cstddef>
#include <span>
#include <string>

#include "wire/control.hpp"

namespace troupe::host {

// Why a module cannot make an actor: what is missing, and what is there.
class ModuleRefusal : public StartError {
 public:
  using StartError::StartError;
};

// How a module makes an actor: all that can be refused is settled.
struct ModuleMaker {
  const detail::ModuleConstructor* constructor = nullptr;
  const detail::ModuleInterface* interface = nullptr;  // that the actor is known as
  bool has_json = false;                               // its arguments are JSON texts

  // Runs the constructor. Errors: whatever that throws; SerializationError.
  detail::ActorInstance make(std::span<const std::byte> arguments) const;
};

// Loads the module, for good, which runs its initialisers; finds a class in it that is of `actor_type` (typeid's name; any class,
// where the arguments are JSON texts), and a constructor that takes the arguments.
// Errors: ModuleRefusal; whatever the module's own code throws.
ModuleMaker maker_in(const wire::ActorModule& module, const std::string& actor_type, std::span<const std::byte> arguments);

}  // namespace troupe::host
