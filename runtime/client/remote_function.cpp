// SPDX-License-Identifier: BSL-1.0
#include <troupe/error.hpp>
#include <troupe/remote_function.hpp>

#include <fmt/core.h>

#include <string_view>

#include "wire/registry.hpp"

namespace troupe::detail {

namespace {

wire::NodeIdentity identity_of(const MethodWire& method) {
  return {{method.path, method.build_id, method.node_count, method.fingerprint}, method.rank};
}

std::exception_ptr not_here(const MethodWire& method) {
  return std::make_exception_ptr(IncompatibleInterface(
      fmt::format("this remote function is method {} of {}, in {} (build id {}), which this process does not run; it can only be "
                  "passed on: call it in a process of that program",
                  method.rank, wire::readable_type(method.actor_type.c_str()), method.path, method.build_id)));
}

}  // namespace

const RegistrationNode* BoundMethod::node_or_fail(ResultCell* cell) const {
  if (node_ != nullptr) return node_;
  const std::exception_ptr error = not_here(*foreign_);
  if (cell == nullptr) std::rethrow_exception(error);
  cell->complete_with_error(error);
  cell->drop_reference();
  return nullptr;
}

MethodWire BoundMethod::pack(const char* signature) const {
  if (foreign_) return *foreign_;
  if (node_ == nullptr) return {};
  wire::NodeIdentity identity = wire::identity_of(*node_);
  return {std::move(identity.module.path),
          std::move(identity.module.build_id),
          identity.module.node_count,
          identity.module.fingerprint,
          identity.rank,
          node_->actor_type->name(),
          signature};
}

void BoundMethod::unpack(MethodWire wire, const LinkWire& link, const char* signature) {
  *this = {};
  if (link.id == ActorId()) return;
  if (wire.signature != signature) {
    throw IncompatibleInterface(fmt::format("a remote function of type {} was received as one of type {}",
                                            wire::readable_type(wire.signature.c_str()), wire::readable_type(signature)));
  }
  const RegistrationNode* node = wire::find_node(identity_of(wire));
  if (node != nullptr && node->method != nullptr && node->actor_type->name() == std::string_view(wire.actor_type)) {
    node_ = node;
  } else {
    foreign_ = std::make_shared<const MethodWire>(std::move(wire));
  }
  link_ = unpack_link(link, node_ != nullptr ? node_->actor_type->name() : foreign_->actor_type.c_str());
}

}  // namespace troupe::detail
