// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/registry.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wire/control.hpp"
#include "wire/envelope.hpp"

// This process's registration nodes, numbered. The executable's and its libraries' nodes are numbered once, when the guard
// has run; modules that are loaded later are appended, never renumbered.
namespace troupe::wire {

// Which object files there are is platform knowledge: the roles room hands it in, in load order, the executable first.
struct ModuleRange {
  std::string path;
  std::string build_id;
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
};

// Numbers what is not yet numbered. Thread-safety: full. Idempotent.
void number_nodes(std::span<const ModuleRange> modules);

// Where the modules that are loaded now can be asked for, when a node turns up that has no number yet. Set once, with the
// first numbering.
using ModuleSource = std::vector<ModuleRange> (*)();
void set_module_source(ModuleSource source);

// The modules with nodes, as numbered here, for a handshake.
std::vector<ModuleIdentity> known_modules();

// The number of a node of this process (numbering it if its module was loaded since); module and rank.
// Errors: IncompatibleInterface when its module is not known, or was numbered without it.
MethodId number_of(const detail::RegistrationNode& node);

// nullptr when there is no such node here. That of kCallByName is found everywhere, and has no thunk.
const detail::RegistrationNode* find_node(NodeReference reference);

// A node as any process can find it that runs the same file.
struct NodeIdentity {
  ModuleIdentity module;
  std::uint32_t rank = 0;
};
// Errors: as number_of.
NodeIdentity identity_of(const detail::RegistrationNode& node);
// nullptr when there is no such node here. Untrusted identities are fine.
const detail::RegistrationNode* find_node(const NodeIdentity& identity);

// How a peer's module numbers map to this process's. Built when a channel opens. A library that only the peer has loaded (an
// actor of a module is such a peer) names nothing here, until it is loaded here, too.
// Errors: IncompatibleInterface naming the executable that is another one here, or the file that is here in another build, with
// both fingerprints. Thread-safety: none.
class ModuleMap {
 public:
  ModuleMap() = default;
  explicit ModuleMap(std::span<const ModuleIdentity> peer_modules);

  // nullptr when the peer's number names nothing here. Untrusted numbers are fine.
  const detail::RegistrationNode* find(MethodId peer_number);

 private:
  struct Module {
    std::span<detail::RegistrationNode* const> nodes{};
    std::optional<ModuleIdentity> missing{};
  };
  std::vector<Module> modules_;  // by the peer's number
};

// A host's status says what runs by its number (a method's, or the constructor's) + 1; what every actor has, and nobody
// registers, is this.
constexpr std::uint32_t kDestructorRuns = UINT32_MAX;

// The path of the file that holds a node.
std::string module_of(const detail::RegistrationNode& node);

// "Counter::add" out of a compiler's signature text.
std::string readable_name(const detail::RegistrationNode& node);
// "Counter" out of a typeid name.
std::string readable_type(const char* type_name);
// "add(int, std::string) -> bool" out of a method's name and the typeid name of the function type of what it takes and returns.
std::string readable_signature(std::string_view name, const char* function_type_name);

}  // namespace troupe::wire
