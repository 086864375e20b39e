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
      : object_(instance.object, instance.destroy),
        checkpoint_(instance.checkpoint),
        call_by_name_(instance.call_by_name),
        type_(&type),
        security_(security),
        is_reentrant_(instance.is_reentrant) {}

  bool has_checkpoint() const { return checkpoint_ != nullptr; }
  // Its state. Errors: whatever the actor's own code throws.
  void checkpoint(detail::GrowingBuffer& buffer) const { checkpoint_(object_.get(), buffer); }

  void* object() const { return object_.get(); }
  const std::type_info& type() const { return *type_; }
  // Null where its class is in no module.
  detail::MethodThunk call_by_name() const { return call_by_name_; }
  SecurityLevel security() const { return security_; }
  // Whether further calls may run while the result of one is still to come.
  bool is_reentrant() const { return is_reentrant_; }

 private:
  std::unique_ptr<void, void (*)(void*)> object_;
  void (*checkpoint_)(void* object, detail::GrowingBuffer& buffer);
  detail::MethodThunk call_by_name_;
  const std::type_info* type_;
  SecurityLevel security_;
  bool is_reentrant_;
};

// A child that user code has forked, and let return to here, must not go on as if it were this host: it ends.
void end_if_forked();

// All that the main thread needs to make the actor; what could be refused without running user code is settled.
struct Construction {
  wire::ActorDescription actor;
  const detail::RegistrationNode* constructor = nullptr;  // unless it is in a module
  wire::ActorModule module;
  platform::Mapping arguments;     // read-only; whole pages
  std::size_t argument_bytes = 0;  // so many of them count
  std::string working_directory;   // empty: stays where it is
  SecurityLevel security = SecurityLevel::l0;
  wire::Limits limits;
  OpenedChannel opened;          // to the client that spawned it; none in a later life
  platform::Mapping checkpoint;  // like the arguments
  std::size_t checkpoint_bytes = 0;
  std::uint32_t checkpoint_every = wire::Construct::kNoCheckpoints;
  bool shows_stack = false;
  wire::Constructed answer;  // to send when it has been made
};

// Hears which constructor is about to run.
class ConstructorWatch {
 public:
  virtual void constructor_found(const detail::RegistrationNode& node) = 0;

 protected:
  ~ConstructorWatch() = default;
};

// Applies the limits, enters the working directory, loads the module, runs the constructor, and restores the state of the last
// life, if there is a checkpoint. Whatever is thrown is in the failure; nothing leaves here.
std::variant<Actor, wire::Failure> construct(const Construction& construction, ConstructorWatch& watch);

}  // namespace troupe::host
