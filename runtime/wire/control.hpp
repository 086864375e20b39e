// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "wire/control_client.hpp"
#include "wire/control_host.hpp"
#include "wire/control_zygote.hpp"

// The control plane: every message between client, manager, zygote and host, one struct each. A message travels as one
// packet (platform/control_socket): its kind, its fields (wire/field_archive), and the handles that its comment
// lists, in that order. Requests carry a number that their answer repeats. The variant at the end of each plane's
// header lists what may arrive there. Adding a message: its struct, its place there, and its receiver's visitor.
namespace troupe::wire {

// The bytes of one message. GuardMissing has the same bytes in every vocabulary.
template <class Vocabulary, class Message>
std::vector<std::byte> encode_message(const Message& message);

// Errors: ProtocolError for an unknown kind, fields that do not decode, or bytes left over.
template <class Vocabulary>
Vocabulary decode_message(std::span<const std::byte> bytes);

}  // namespace troupe::wire
