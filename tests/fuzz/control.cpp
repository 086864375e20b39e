// SPDX-License-Identifier: BSL-1.0
// Arbitrary bytes as control messages of every vocabulary: they are refused with ProtocolError, or are a message that has
// exactly these bytes.
#include "wire/control.hpp"

#include <troupe/error.hpp>

#include <iterator>
#include <variant>

#include "tests/fuzz/input.hpp"

namespace troupe::fuzz {
namespace {

template <class Vocabulary>
void decode(std::span<const std::byte> bytes) {
  try {
    const auto message = wire::decode_message<Vocabulary>(bytes);
    const auto sent = std::visit([](const auto& each) { return wire::encode_message<Vocabulary>(each); }, message);
    expect(std::equal(sent.begin(), sent.end(), bytes.begin(), bytes.end()), "a message is encoded as it came");
  } catch (const ProtocolError&) {
  }
}

constexpr void (*kDecoders[])(std::span<const std::byte>) = {
    decode<wire::ToManagerFromClient>, decode<wire::ToClient>, decode<wire::ToZygote>,
    decode<wire::ToManagerFromZygote>, decode<wire::ToHost>,   decode<wire::ToManagerFromHost>,
};

}  // namespace
}  // namespace troupe::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  using namespace troupe::fuzz;
  Input input(bytes, count);
  const auto decode_as = kDecoders[input.below(std::size(kDecoders))];
  decode_as(input.rest());
  return 0;
}
