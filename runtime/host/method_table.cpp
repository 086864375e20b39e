// SPDX-License-Identifier: BSL-1.0
#include "host/method_table.hpp"

namespace troupe::host {

const MethodTable::Method* MethodTable::find_anew(wire::MethodId peer_number, const std::type_info& actor_type) {
  const detail::RegistrationNode* node = modules_.find(peer_number);
  if (node == nullptr || node->method == nullptr || *node->actor_type != actor_type) return nullptr;
  if (watch_ != nullptr) watch_->message_taken();
  Method& entry = watch_ != nullptr ? watched_ : known_[peer_number.value % known_.size()];
  entry = {peer_number, wire::number_of(*node).value, node->method, node};
  return &entry;
}

void MethodTable::set_watch(MessageWatch& watch) {
  watch_ = &watch;
  for (Method& each : known_) each.thunk = nullptr;
}

}  // namespace troupe::host
