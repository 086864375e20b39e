// SPDX-License-Identifier: BSL-1.0
#include "wire/control.hpp"

#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
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

// What is alike for all messages is in two functions, that call the message's own: there are many messages.
using Archive = void (*)(FieldArchive& archive, void* message);

template <class Message>
void archive_fields(FieldArchive& archive, void* message) {
  archive(*static_cast<Message*>(message));
}

std::vector<std::byte> encode_packet(std::uint8_t kind, Archive archive_message, const void* message) {
  detail::GrowingBuffer buffer;
  buffer.append(&kind, 1);
  FieldArchive archive(buffer);
  archive_message(archive, const_cast<void*>(message));  // writing changes nothing
  return {buffer.bytes().begin(), buffer.bytes().end()};
}

struct Decoder {
  std::uint8_t kind;
  void* (*emplace)(void* vocabulary);  // a new message, to be read into
  Archive archive_message;
};

void decode_packet(std::span<const std::byte> bytes, std::span<const Decoder> decoders, void* vocabulary) {
  if (bytes.empty()) throw ProtocolError("a control message is empty");
  const auto kind = std::to_integer<std::uint8_t>(bytes.front());
  const auto decoder = std::find_if(decoders.begin(), decoders.end(), [&](const Decoder& each) { return each.kind == kind; });
  if (decoder == decoders.end()) throw ProtocolError(fmt::format("a control message is of the unknown kind {}", kind));
  try {
    FieldArchive archive(bytes.subspan(1));
    decoder->archive_message(archive, decoder->emplace(vocabulary));
    archive.expect_end();
  } catch (const SerializationError& error) {
    throw ProtocolError(fmt::format("a control message does not decode: {}", error.what()));
  }
}

template <class Vocabulary, class Message>
void* emplace(void* vocabulary) {
  return &static_cast<Vocabulary*>(vocabulary)->template emplace<Message>();
}

template <class... Message>
constexpr std::array<Decoder, sizeof...(Message)> decoders_of(const std::variant<Message...>* vocabulary) {
  return {Decoder{kind_of<Message>(vocabulary), &emplace<std::variant<Message...>, Message>, &archive_fields<Message>}...};
}

}  // namespace

template <class Vocabulary, class Message>
std::vector<std::byte> encode_message(const Message& message) {
  return encode_packet(kind_of<Message>(static_cast<const Vocabulary*>(nullptr)), &archive_fields<Message>, &message);
}

template <class Vocabulary>
Vocabulary decode_message(std::span<const std::byte> bytes) {
  static constexpr auto kDecoders = decoders_of(static_cast<const Vocabulary*>(nullptr));
  Vocabulary message;
  decode_packet(bytes, kDecoders, &message);
  return message;
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
