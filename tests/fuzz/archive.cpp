// SPDX-License-Identifier: BSL-1.0
// Arbitrary bytes as values of every kind that crosses: they are refused with SerializationError, or are a value that
// comes back the same when it is sent again. The fuzzer's limit on a single allocation is far below what counts can claim.
#include <troupe/archive.hpp>
#include <troupe/error.hpp>

#include <cereal/types/bitset.hpp>
#include <cereal/types/chrono.hpp>
#include <cereal/types/complex.hpp>
#include <cereal/types/deque.hpp>
#include <cereal/types/list.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/unordered_map.hpp>
#include <cereal/types/variant.hpp>
#include <exception>
#include <iterator>
#include <optional>
#include <tuple>
#include <utility>
#include <variant>

#include "tests/fuzz/input.hpp"
#include "tests/wire/round_trip.hpp"
#include "tests/wire/user_types.hpp"
#include "wire/exceptions.hpp"

namespace troupe::fuzz {
namespace {

using test::bytes_of;
using Bytes = std::span<const std::byte>;
using Text = std::string;

// nullopt: the bytes are no such value.
template <class T>
std::optional<T> decoded(Bytes bytes) {
  std::optional<T> value(std::in_place);
  try {
    detail::decode(bytes, *value);
  } catch (const SerializationError&) {
    value.reset();
  }
  return value;
}

template <class T>
void decode_and_send_again(Bytes bytes) {
  const auto value = decoded<T>(bytes);
  if (!value) return;
  const auto sent = bytes_of(*value);
  expect(bytes_of(test::value_of<T>(sent)) == sent, "a value that was decoded comes back the same");
}

// One whose values have an order of their own in each container.
template <class T>
void decode_and_compare(Bytes bytes) {
  const auto value = decoded<T>(bytes);
  if (value) expect(test::value_of<T>(bytes_of(*value)) == *value, "a value that was decoded comes back the same");
}

// Types whose values have one encoding each.
template <class T>
void decode_exactly(Bytes bytes) {
  const auto value = decoded<T>(bytes);
  if (!value) return;
  const auto sent = bytes_of(*value);
  expect(std::equal(sent.begin(), sent.end(), bytes.begin(), bytes.end()), "what was decoded is what was sent");
}

void decode_thrown(Bytes bytes) {
  for (const bool is_from_constructor : {false, true}) {
    const auto thrown = wire::decode_exception(bytes, {"an actor", 1, "a method"}, is_from_constructor);
    expect(thrown != nullptr, "there is always something to throw");
    (void)wire::decode_exception(wire::encode_exception(thrown), {"another", 2}, is_from_constructor);
  }
}

using Nested = std::vector<std::optional<std::pair<Text, std::vector<std::tuple<bool, std::array<std::uint16_t, 3>>>>>>;
using Either = std::variant<std::monostate, Text, test::Tree, bool, std::vector<test::Account>>;

constexpr void (*kDecoders[])(Bytes) = {
    decode_exactly<std::tuple<int, Text, std::vector<std::int64_t>, std::vector<bool>>>,
    decode_exactly<Nested>,
    decode_exactly<std::tuple<std::array<Text, 2>, std::tuple<>, std::array<int, 0>, std::u16string>>,
    decode_exactly<std::pair<test::Colour, std::vector<std::vector<Text>>>>,
    decode_exactly<test::NamedPoint>,
    decode_exactly<std::vector<test::Account>>,
    decode_exactly<test::Tree>,
    decode_and_send_again<std::unique_ptr<test::Chain>>,
    decode_exactly<Either>,
    decode_exactly<std::pair<test::Ticket, test::SaysNothing>>,
    decode_exactly<std::vector<test::Empty>>,
    decode_exactly<std::tuple<std::list<bool>, std::deque<Text>>>,
    decode_exactly<std::optional<std::chrono::nanoseconds>>,
    decode_and_send_again<std::vector<std::bitset<12>>>,
    decode_and_send_again<test::Celsius>,
    decode_and_send_again<std::vector<test::Versioned>>,
    decode_and_send_again<std::map<Text, std::set<int>>>,
    decode_and_compare<std::unordered_map<int, test::Point>>,
    decode_and_send_again<std::map<int, std::complex<float>>>,  // no multimap: cereal turns the order of equal keys round
    decode_thrown,
};

void decode_any(const std::uint8_t* bytes, std::size_t count) {
  Input input(bytes, count);
  const auto decode = kDecoders[input.below(std::size(kDecoders))];
  decode(input.rest());
}

}  // namespace
}  // namespace troupe::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  troupe::fuzz::decode_any(bytes, count);
  return 0;
}
