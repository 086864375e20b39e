// SPDX-License-Identifier: BSL-1.0
#include "wire/control.hpp"

#include <troupe/error.hpp>

#include <fmt/core.h>

#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "wire/control_codec.hpp"

namespace troupe::wire {

namespace {

constexpr std::uint8_t kGuardMissing = 0xff;  // the same in every vocabulary: its sender does not know which it speaks

// A message's rank in its vocabulary.
template <class Message, class... Each>
constexpr std::uint8_t kind_of(const std::variant<Each...>*) {
  static_assert((std::is_same_v<Message, Each> || ...), "this message is not of this vocabulary");
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

// The header declares the two templates only: their instances, for each message of each vocabulary, are made
// here. (Not in an anonymous namespace: then nobody else could link to them, and compilers leave them out.)
template <class Vocabulary>
struct Instances;
template <class... Message>
struct Instances<std::variant<Message...>> {
  using Vocabulary = std::variant<Message...>;
  static constexpr auto kDecode = &decode_message<Vocabulary>;
  static constexpr std::tuple kEncode = {&encode_message<Vocabulary, Message>...};
};

template struct Instances<ToManagerFromClient>;
template struct Instances<ToClient>;
template struct Instances<ToZygote>;
template struct Instances<ToManagerFromZygote>;
template struct Instances<ToHost>;
template struct Instances<ToManagerFromHost>;

}  // namespace troupe::wire
