// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/registry.hpp>

#include <array>
#include <cstdint>
#include <typeinfo>
#include <utility>

#include "host/message_watch.hpp"
#include "wire/envelope.hpp"
#include "wire/registry.hpp"

namespace troupe::host {

// What one client's method numbers mean for the actor of this process; finds again quickly what it has found before.
// Thread-safety: one thread at a time.
class MethodTable {
 public:
  struct Method {
    wire::MethodId peer_number;
    std::uint32_t own_number = 0;         // as this process numbers it
    detail::MethodThunk thunk = nullptr;  // null: an empty entry
    const detail::RegistrationNode* node = nullptr;
  };

  explicit MethodTable(wire::ModuleMap modules) : modules_(std::move(modules)) {}

  const wire::ModuleMap& modules() const { return modules_; }

  // The method of `actor_type` that the client calls `peer_number`; nullptr when there is none, and when there is one of
  // another class: a thunk must never see an object that is not its own. Valid until the next call. Untrusted numbers
  // are fine.
  const Method* find(wire::MethodId peer_number, const std::type_info& actor_type) {
    const Method& known = known_[peer_number.value % known_.size()];
    if (known.thunk != nullptr && known.peer_number.value == peer_number.value) [[likely]]
      return &known;
    return find_anew(peer_number, actor_type);
  }

  // Of a message for which there is no method here, and which is run all the same (a call by name).
  void note_other() const {
    if (watch_ != nullptr) watch_->message_taken();
  }
  // `watch` hears of each method that is found from now on; so nothing is found quickly any more, and while there is no watch
  // it costs nothing. The method that was found last stays valid.
  void set_watch(MessageWatch& watch);

 private:
  const Method* find_anew(wire::MethodId peer_number, const std::type_info& actor_type);

  wire::ModuleMap modules_;
  std::array<Method, 32> known_{};  // by the last bits of the peer's number; all empty while there is a watch
  MessageWatch* watch_ = nullptr;
  Method watched_{};  // the one that was found last, while there is a watch
};

}  // namespace troupe::host
