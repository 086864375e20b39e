// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/registry.hpp>
#include <troupe/options.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <typeinfo>
#include <variant>

#include "host/served_channel.hpp"
#include "platform/memory.hpp"
#include "wire/control.hpp"

namespace troupe::host {

// Owns the actor object: destroys it, in the thread that made it. Thread-safety: none.
class Actor {
 public:
  Actor(detail::ActorInstance instance, const std::type_info& type, SecurityLevel security = SecurityLevel::l0)
      : object_(instance.object, instance.destroy), type_(&type), security_(security) {}

  void* object() const { return object_.get(); }
  const std::type_info& type() const { return *type_; }
  SecurityLevel security() const { return security_; }

 private:
  std::unique_ptr<void, void (*)(void*)> object_;
  const std::type_info* type_;
  SecurityLevel security_;
};

// A child that user code has forked, and let return to here, must not go on as if it were this host: it ends.
void end_if_forked();

// All that the main thread needs to make the actor; what could be refused without running user code is settled.
struct Construction {
  wire::ActorDescription actor;
  const detail::RegistrationNode* constructor = nullptr;
  platform::Mapping arguments;     // read-only; whole pages
  std::size_t argument_bytes = 0;  // so many of them count
  std::string working_directory;   // empty: stays where it is
  SecurityLevel security = SecurityLevel::l0;
  OpenedChannel opened;      // to the client that spawned it
  wire::Constructed answer;  // to send when it has been made
};

// Enters the working directory and runs the constructor. Whatever it throws is in the failure; nothing leaves here.
std::variant<Actor, wire::Failure> construct(const Construction& construction);

}  // namespace troupe::host
