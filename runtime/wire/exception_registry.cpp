// SPDX-License-Identifier: BSL-1.0
#include "wire/exception_registry.hpp"

#include <atomic>

namespace troupe {

namespace {

// Constant-initialised: registrars of any file may run before this file's initialisers. Release and acquire on it: who finds
// a node finds it whole.
constinit std::atomic<detail::ExceptionNode*> newest_node{nullptr};

}  // namespace

void detail::register_exception(ExceptionNode& node) noexcept {
  node.next = newest_node.load(std::memory_order_relaxed);
  while (!newest_node.compare_exchange_weak(node.next, &node, std::memory_order_release, std::memory_order_relaxed)) continue;
}

namespace wire {

const detail::ExceptionNode* find_registered_exception(const std::type_info& type) {
  for (const auto* node = newest_node.load(std::memory_order_acquire); node != nullptr; node = node->next) {
    if (*node->type == type || *node->transported == type) return node;
  }
  return nullptr;
}

const detail::ExceptionNode* find_registered_exception(std::string_view name) {
  const detail::ExceptionNode* found = nullptr;
  for (const auto* node = newest_node.load(std::memory_order_acquire); node != nullptr; node = node->next) {
    if (name != node->type->name()) continue;
    if (found != nullptr && *found->type != *node->type) return nullptr;
    found = node;
  }
  return found;
}

}  // namespace wire
}  // namespace troupe
