// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <typeinfo>

// What a process can be asked to do by another one: every constructor and method that the program names in a spawn, call,
// tell, run, get or set has one registration node. Both processes run the same file, so a node has the same rank among its
// module's nodes in both; the rank travels, never an address or a name.
namespace troupe::detail {

class GrowingBuffer;
class ResultCell;
class Streams;

// What a method's thunk sees of the call that it serves. Implemented by the host's dispatcher.
class Invocation {
 public:
  virtual std::span<const std::byte> arguments() const = 0;
  // Whether the method may look at them where they lie: whoever wrote them is trusted not to change them meanwhile.
  virtual bool may_view() const = 0;
  // The arguments are decoded; the user's method runs from here on.
  virtual void entered() = 0;
  // The method has returned, and its result is about to be encoded by code of the user's.
  virtual void returned() = 0;
  // False for a one-way message: then the result is not encoded.
  virtual bool wants_reply() const = 0;
  // Room for an encoded result, in place. At most once. Errors: SerializationError over the limit.
  virtual std::byte* reply(std::size_t payload_bytes) = 0;
  // Instead: a result that has been encoded elsewhere; under a lease, when there are proxies in it.
  virtual void reply_with(const GrowingBuffer& result) = 0;
  // The method has returned what will be its result. True: it has come, and is sent now, by whoever asks. False: the call is
  // answered by `send` when it comes, and other messages are handled meanwhile. Blocks: where the actor is not reentrant, until
  // it has come.
  using SendLater = void (*)(ResultCell& cell, Invocation& invocation);
  virtual bool await(ResultCell& cell, SendLater send) = 0;
  // The caller's, with this actor.
  virtual Streams& streams() = 0;

 protected:
  ~Invocation() = default;
};

struct ActorInstance {
  void* object = nullptr;
  void (*destroy)(void* object) = nullptr;
  // Null where the class has none.
  void (*checkpoint)(void* object, GrowingBuffer& buffer) = nullptr;
  void (*restore)(void* object, std::span<const std::byte> bytes) = nullptr;
  bool is_reentrant = false;  // see Invocation::await
  // Serves a call by name (detail/module_table.hpp); null where the class is in no module.
  void (*call_by_name)(void* object, Invocation& invocation) = nullptr;
};

using MethodThunk = void (*)(void* actor, Invocation& invocation);
using ConstructorThunk = ActorInstance (*)(std::span<const std::byte> arguments);

// Its address is its identity within its module: it is writable, so that no linker folds two of them.
struct RegistrationNode {
  const std::type_info* actor_type;  // the actor's class; compare its name across modules
  const char* signature;             // compiler's text that names class and method; for people
  MethodThunk method;                // or
  ConstructorThunk construct;
  RegistrationNode* next = nullptr;
  std::atomic<std::uint32_t> number{kUnnumbered};  // wire::MethodId as this process numbers it

  static constexpr std::uint32_t kUnnumbered = UINT32_MAX;
};

// By which constructor of which class an actor is made.
struct ActorMaker {
  const RegistrationNode* constructor;  // null: only a module has it
  const char* type;                     // typeid's name
  const char* parameters;               // typeid's name of void(arguments...); null: the arguments are JSON texts
};

// Called before main for the executable and its libraries, and during dlopen for later ones.
void register_node(RegistrationNode& node) noexcept;

struct Registrar {
  explicit Registrar(RegistrationNode& node) noexcept { register_node(node); }
};

// The node of one key. `Key` is a class template instance over the actor's class and the method, with static members
// actor_type(), signature(), kMethod and kConstruct; so a class in an anonymous namespace has nodes of its own.
template <class Key>
class Registration {
 public:
  static RegistrationNode& node() noexcept {
    (void)&registrar_;  // instantiates it: the registrar runs before main
    return node_;
  }

 private:
  static inline constinit RegistrationNode node_{Key::actor_type(), Key::signature(), Key::kMethod, Key::kConstruct};
  static inline const Registrar registrar_{node_};
};

}  // namespace troupe::detail
