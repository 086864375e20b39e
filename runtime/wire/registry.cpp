// SPDX-License-Identifier: BSL-1.0
#include "wire/registry.hpp"

#include <troupe/detail/module_table.hpp>
#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace troupe::wire {

using detail::RegistrationNode;

namespace {

// Nodes that have no number yet. Constant-initialised: registrars of any file may run before this file's initialisers.
constinit std::atomic<RegistrationNode*> newest_node{nullptr};
constinit std::atomic<ModuleSource> module_source{nullptr};

struct Module {
  ModuleIdentity identity;
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  std::vector<RegistrationNode*> nodes;  // by rank; never changes, so that spans of it stay good
};

std::uintptr_t address_of(const RegistrationNode* node) { return reinterpret_cast<std::uintptr_t>(node); }

// FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/), over texts with their ends.
std::uint64_t mix(std::uint64_t hash, std::string_view text) {
  for (const char each : text) hash = (hash ^ static_cast<unsigned char>(each)) * 0x100000001b3ull;
  return hash * 0x100000001b3ull;
}

std::uint64_t fingerprint_of(const std::vector<RegistrationNode*>& nodes) {
  std::uint64_t hash = 0xcbf29ce484222325ull;
  for (const RegistrationNode* node : nodes) hash = mix(mix(hash, node->actor_type->name()), node->signature);
  return hash;
}

// The modules with their numbers. Lives until the process ends: thunks may run during static destruction.
// Thread-safety: full.
class ModuleTable {
 public:
  static ModuleTable& instance() {
    static ModuleTable& table = *new ModuleTable;
    return table;
  }

  void number(std::span<const ModuleRange> ranges) {
    const std::lock_guard lock(mutex_);
    collect();
    for (const ModuleRange& range : ranges) {
      if (!is_known(range)) add(range);
    }
  }

  std::vector<ModuleIdentity> identities() {
    const std::lock_guard lock(mutex_);
    std::vector<ModuleIdentity> all;
    for (const Module& module : modules_) all.push_back(module.identity);
    return all;
  }

  // Calls visit(const Module&) until it returns true; whether it did.
  template <class Visit>
  bool find_if(Visit visit) {
    const std::lock_guard lock(mutex_);
    return std::any_of(modules_.begin(), modules_.end(), visit);
  }

  const RegistrationNode* find(NodeReference reference) {
    const std::lock_guard lock(mutex_);
    if (reference.module >= modules_.size()) return nullptr;
    const auto& nodes = modules_[reference.module].nodes;
    return reference.rank < nodes.size() ? nodes[reference.rank] : nullptr;
  }

  ModuleIdentity identity_of(MethodId number) {
    const std::lock_guard lock(mutex_);
    return number.module() < modules_.size() ? modules_[number.module()].identity : ModuleIdentity();
  }

 private:
  void collect() {
    for (auto* node = newest_node.exchange(nullptr, std::memory_order_acquire); node != nullptr; node = node->next)
      waiting_.insert(address_of(node));
  }

  bool is_known(const ModuleRange& range) const {
    return std::any_of(modules_.begin(), modules_.end(), [&](const Module& module) { return module.begin == range.begin; });
  }

  // The executable counts even without nodes: it comes first in every handshake.
  void add(const ModuleRange& range) {
    Module module;  // filled bit by bit: what throws inside a nested braced list is destroyed twice by GCC 12
    module.identity.path = range.path;
    module.identity.build_id = range.build_id;
    module.begin = range.begin;
    module.end = range.end;
    module.nodes = take_nodes(range);
    if ((module.nodes.empty() && !modules_.empty()) || modules_.size() >= MethodId::kMaxModules) return;
    if (module.nodes.size() > MethodId::kMaxRanks) module.nodes.resize(MethodId::kMaxRanks);
    module.identity.node_count = static_cast<std::uint32_t>(module.nodes.size());
    module.identity.fingerprint = fingerprint_of(module.nodes);
    const auto number = static_cast<std::uint32_t>(modules_.size());
    modules_.push_back(std::move(module));
    const auto& nodes = modules_.back().nodes;
    for (std::uint32_t rank = 0; rank < nodes.size(); ++rank) {
      nodes[rank]->number.store(MethodId::of(number, rank).value, std::memory_order_release);
    }
  }

  std::vector<RegistrationNode*> take_nodes(const ModuleRange& range) {
    const auto end = waiting_.lower_bound(range.end);
    std::vector<RegistrationNode*> nodes;
    for (auto next = waiting_.lower_bound(range.begin); next != end; next = waiting_.erase(next))
      nodes.push_back(reinterpret_cast<RegistrationNode*>(*next));
    return nodes;
  }

  std::mutex mutex_;
  std::deque<Module> modules_;        // by number; elements never move
  std::set<std::uintptr_t> waiting_;  // nodes of modules that nobody has named yet, by address
};

void number_what_was_loaded_since() {
  if (const ModuleSource source = module_source.load(std::memory_order_acquire)) number_nodes(source());
}

bool is_same_file(const ModuleIdentity& mine, const ModuleIdentity& peers) {
  if (!mine.build_id.empty() && !peers.build_id.empty()) return mine.build_id == peers.build_id;
  return mine.path == peers.path && mine.fingerprint == peers.fingerprint && mine.node_count == peers.node_count;
}

std::optional<std::span<RegistrationNode* const>> nodes_of(const ModuleIdentity& peers) {
  std::optional<std::span<RegistrationNode* const>> nodes;
  ModuleTable::instance().find_if([&](const Module& module) {
    if (!is_same_file(module.identity, peers)) return false;
    nodes = module.nodes;
    return true;
  });
  return nodes;
}

bool is_here_in_another_build(const ModuleIdentity& peers) {
  return ModuleTable::instance().find_if([&](const Module& module) { return module.identity.path == peers.path; });
}

[[noreturn]] void refuse(const ModuleIdentity& peers) {
  std::string here = "this process has not loaded it";
  ModuleTable::instance().find_if([&](const Module& module) {  // the executable is the first
    here = fmt::format("this process has not loaded it, but runs {}, with fingerprint {:016x} (build id {})",
                       module.identity.path, module.identity.fingerprint, module.identity.build_id);
    return true;
  });
  ModuleTable::instance().find_if([&](const Module& module) {
    if (module.identity.path != peers.path) return false;
    here = fmt::format("this process runs another build of it, with fingerprint {:016x} (build id {})",
                       module.identity.fingerprint, module.identity.build_id);
    return true;
  });
  throw IncompatibleInterface(
      fmt::format("{}: the caller's has fingerprint {:016x} (build id {}), and {}; start both from the same file", peers.path,
                  peers.fingerprint, peers.build_id, here));
}

}  // namespace

void number_nodes(std::span<const ModuleRange> modules) { ModuleTable::instance().number(modules); }

void set_module_source(ModuleSource source) { module_source.store(source, std::memory_order_release); }

std::vector<ModuleIdentity> known_modules() { return ModuleTable::instance().identities(); }

MethodId number_of(const RegistrationNode& node) {
  std::uint32_t number = node.number.load(std::memory_order_acquire);
  if (number != RegistrationNode::kUnnumbered) return {number};
  number_what_was_loaded_since();
  number = node.number.load(std::memory_order_acquire);
  if (number != RegistrationNode::kUnnumbered) return {number};
  throw IncompatibleInterface(readable_name(node) +
                              " has no number: construct troupe::Runtime (or call troupe::main_guard) first in main, "
                              "and use a library only after it has been loaded completely");
}

namespace {

bool is_by_name(std::uint32_t module, std::uint32_t rank) { return module == kCallByName.module() && rank == kCallByName.rank(); }

}  // namespace

const RegistrationNode* find_node(NodeReference reference) {
  if (is_by_name(reference.module, reference.rank)) return &detail::by_name_node();
  return ModuleTable::instance().find(reference);
}

std::string module_of(const RegistrationNode& node) {
  const std::uint32_t number = node.number.load(std::memory_order_acquire);
  return number == RegistrationNode::kUnnumbered ? std::string() : ModuleTable::instance().identity_of({number}).path;
}

NodeIdentity identity_of(const RegistrationNode& node) {
  const MethodId number = number_of(node);
  return {ModuleTable::instance().identity_of(number), number.rank()};
}

const RegistrationNode* find_node(const NodeIdentity& identity) {
  auto nodes = nodes_of(identity.module);
  if (!nodes && identity.module.node_count != 0) {
    number_what_was_loaded_since();
    nodes = nodes_of(identity.module);
  }
  return nodes && identity.rank < nodes->size() ? (*nodes)[identity.rank] : nullptr;
}

ModuleMap::ModuleMap(std::span<const ModuleIdentity> peer_modules) {
  for (const ModuleIdentity& peers : peer_modules) {
    auto nodes = nodes_of(peers);
    if (!nodes && peers.node_count != 0) {
      number_what_was_loaded_since();
      nodes = nodes_of(peers);
      if (!nodes && (modules_.empty() || is_here_in_another_build(peers))) refuse(peers);
    }
    modules_.push_back({nodes.value_or(std::span<RegistrationNode* const>()), nodes ? std::nullopt : std::optional(peers)});
  }
}

const RegistrationNode* ModuleMap::find(MethodId peer_number) {
  if (peer_number.value == kCallByName.value) return &detail::by_name_node();
  if (peer_number.module() >= modules_.size()) return nullptr;
  Module& module = modules_[peer_number.module()];
  if (module.missing) {
    if (const auto nodes = nodes_of(*module.missing)) module = {*nodes, std::nullopt};
  }
  return peer_number.rank() < module.nodes.size() ? module.nodes[peer_number.rank()] : nullptr;
}

}  // namespace troupe::wire

namespace troupe::detail {

// It is numbered, and in no list.
const RegistrationNode& by_name_node() noexcept {
  static constinit RegistrationNode node{&typeid(void), "a call by name", nullptr, nullptr, nullptr, {wire::kCallByName.value}};
  return node;
}

void register_node(RegistrationNode& node) noexcept {
  node.next = wire::newest_node.load(std::memory_order_relaxed);
  while (!wire::newest_node.compare_exchange_weak(node.next, &node, std::memory_order_release, std::memory_order_relaxed))
    continue;
}

}  // namespace troupe::detail
