// SPDX-License-Identifier: BSL-1.0
#include "wire/control.hpp"

#include <troupe/error.hpp>

#include <fmt/core.h>

#include <optional>
#include <utility>

#include "wire/control_codec.hpp"

namespace troupe::wire {

namespace {

constexpr std::uint8_t kGuardMissing = 0xff;  // the same in every vocabulary: its sender does not know which it speaks

template <class Message, class... Each>
constexpr std::uint8_t kind_of(const std::variant<Each...>*) {
  if constexpr (std::is_same_v<Message, GuardMissing>) return kGuardMissing;
  std::uint8_t rank = 0;
  (void)((std::is_same_v<Message, Each> ? true : (++rank, false)) || ...);
  return rank;
}

template <class Vocabulary, class Message>
void decode_if(std::uint8_t kind, std::span<const std::byte> fields, std::optional<Vocabulary>& out) {
  if (kind != kind_of<Message>(static_cast<const Vocabulary*>(nullptr))) return;
  Message message;
  detail::decode(fields, message);
  out.emplace(std::move(message));
}

template <class Vocabulary, class... Each>
std::optional<Vocabulary> decode_any(std::span<const std::byte> bytes, const std::variant<Each...>*) {
  std::optional<Vocabulary> message;
  const auto kind = std::to_integer<std::uint8_t>(bytes.front());
  (decode_if<Vocabulary, Each>(kind, bytes.subspan(1), message), ...);
  return message;
}

}  // namespace

template <class Vocabulary, class Message>
std::vector<std::byte> encode_message(const Message& message) {
  detail::GrowingBuffer buffer;
  const std::uint8_t kind = kind_of<Message>(static_cast<const Vocabulary*>(nullptr));
  buffer.append(&kind, 1);
  detail::encode(buffer, message);
  return {buffer.bytes().begin(), buffer.bytes().end()};
}

template <class Vocabulary>
Vocabulary decode_message(std::span<const std::byte> bytes) {
  if (bytes.empty()) throw ProtocolError("a control message is empty");
  try {
    if (auto message = decode_any<Vocabulary>(bytes, static_cast<const Vocabulary*>(nullptr))) return std::move(*message);
  } catch (const SerializationError& error) {
    throw ProtocolError(fmt::format("a control message does not decode: {}", error.what()));
  }
  throw ProtocolError(fmt::format("a control message is of the unknown kind {}", std::to_integer<int>(bytes.front())));
}

// Every message of every vocabulary.
#define TROUPE_ENCODES(VOCABULARY, MESSAGE) template std::vector<std::byte> encode_message<VOCABULARY, MESSAGE>(const MESSAGE&);
#define TROUPE_DECODES(VOCABULARY) template VOCABULARY decode_message<VOCABULARY>(std::span<const std::byte>);

TROUPE_DECODES(ToManagerFromClient)
TROUPE_ENCODES(ToManagerFromClient, Join)
TROUPE_ENCODES(ToManagerFromClient, Spawn)
TROUPE_ENCODES(ToManagerFromClient, Find)
TROUPE_ENCODES(ToManagerFromClient, Attach)
TROUPE_ENCODES(ToManagerFromClient, List)
TROUPE_ENCODES(ToManagerFromClient, Watch)
TROUPE_ENCODES(ToManagerFromClient, StopActor)
TROUPE_ENCODES(ToManagerFromClient, KillActor)
TROUPE_ENCODES(ToManagerFromClient, Release)
TROUPE_ENCODES(ToManagerFromClient, Shutdown)
TROUPE_ENCODES(ToManagerFromClient, GuardMissing)

TROUPE_DECODES(ToClient)
TROUPE_ENCODES(ToClient, Welcome)
TROUPE_ENCODES(ToClient, Opened)
TROUPE_ENCODES(ToClient, Refused)
TROUPE_ENCODES(ToClient, Found)
TROUPE_ENCODES(ToClient, Listed)
TROUPE_ENCODES(ToClient, ActorFalling)
TROUPE_ENCODES(ToClient, ActorDown)
TROUPE_ENCODES(ToClient, ActorUp)
TROUPE_ENCODES(ToClient, ShutdownDone)
TROUPE_ENCODES(ToClient, GuardMissing)

TROUPE_DECODES(ToZygote)
TROUPE_ENCODES(ToZygote, Fork)

TROUPE_DECODES(ToManagerFromZygote)
TROUPE_ENCODES(ToManagerFromZygote, Hello)
TROUPE_ENCODES(ToManagerFromZygote, Forked)
TROUPE_ENCODES(ToManagerFromZygote, ForkFailed)
TROUPE_ENCODES(ToManagerFromZygote, GuardMissing)

TROUPE_DECODES(ToHost)
TROUPE_ENCODES(ToHost, Construct)
TROUPE_ENCODES(ToHost, OpenChannel)
TROUPE_ENCODES(ToHost, CloseChannel)
TROUPE_ENCODES(ToHost, StopHost)
TROUPE_ENCODES(ToHost, AskStatus)

TROUPE_DECODES(ToManagerFromHost)
TROUPE_ENCODES(ToManagerFromHost, Hello)
TROUPE_ENCODES(ToManagerFromHost, Constructed)
TROUPE_ENCODES(ToManagerFromHost, ConstructFailed)
TROUPE_ENCODES(ToManagerFromHost, ChannelOpened)
TROUPE_ENCODES(ToManagerFromHost, ChannelRefused)
TROUPE_ENCODES(ToManagerFromHost, Status)
TROUPE_ENCODES(ToManagerFromHost, JoinAsClient)
TROUPE_ENCODES(ToManagerFromHost, GuardMissing)

#undef TROUPE_DECODES
#undef TROUPE_ENCODES

}  // namespace troupe::wire
