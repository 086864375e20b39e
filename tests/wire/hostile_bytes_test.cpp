// SPDX-License-Identifier: BSL-1.0
#include <gmock/gmock.h>
#include <troupe/archive.hpp>

#include <bitset>
#include <cereal/types/bitset.hpp>
#include <cereal/types/chrono.hpp>
#include <cereal/types/list.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/unordered_map.hpp>
#include <cereal/types/variant.hpp>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

#include "allocation_count.hpp"
#include "round_trip.hpp"
#include "user_types.hpp"

namespace troupe::test {
namespace {

using Bytes = std::vector<std::byte>;

// A value's bytes, and the decoding that they are meant for.
struct Sample {
  const char* name;
  Bytes bytes;
  void (*decode)(std::span<const std::byte> bytes);

  friend std::ostream& operator<<(std::ostream& out, const Sample& sample) { return out << sample.name; }
};

template <class T>
Sample sample(const char* name, const T& value) {
  return {name, bytes_of(value), [](std::span<const std::byte> bytes) { (void)value_of<T>(bytes); }};
}

std::unique_ptr<Chain> short_chain() {
  auto second = std::make_unique<Chain>(Chain{2, nullptr});
  return std::make_unique<Chain>(Chain{1, std::move(second)});
}

// What a decoding may allocate: the largest element here has 128 bytes with its node; then cereal's own and an error's text.
std::size_t budget_for(std::size_t byte_count) { return 128 * byte_count + 4096; }

// Whether they are such a value; any other outcome than that or SerializationError fails the test.
bool decodes(const Sample& sample, std::span<const std::byte> bytes) {
  const AllocationCount allocated;
  bool is_value = true;
  try {
    sample.decode(bytes);
  } catch (const SerializationError&) {
    is_value = false;
  }
  EXPECT_LE(allocated.bytes(), budget_for(bytes.size()));
  return is_value;
}

using Strings = std::vector<std::string>;
using Plain = std::tuple<int, std::string, std::vector<std::int64_t>, std::optional<std::vector<Strings>>, std::vector<bool>>;
using Either = std::variant<std::monostate, std::string, Tree, bool>;

class HostileBytes : public testing::TestWithParam<Sample> {};

TEST_P(HostileBytes, AreRefusedWhenTheyEndTooSoon) {
  const Sample& sample = GetParam();
  for (std::size_t count = 0; count < sample.bytes.size(); ++count) {
    EXPECT_FALSE(decodes(sample, std::span(sample.bytes).first(count))) << count << " of " << sample.bytes.size() << " bytes";
  }
}

TEST_P(HostileBytes, AreRefusedWhenSomeAreLeftOver) {
  const Sample& sample = GetParam();
  Bytes bytes = sample.bytes;
  bytes.push_back(std::byte{0});
  EXPECT_FALSE(decodes(sample, bytes));
}

TEST_P(HostileBytes, DoNoHarmWhicheverByteIsChanged) {
  const Sample& sample = GetParam();
  for (std::size_t place = 0; place < sample.bytes.size(); ++place) {
    for (unsigned change = 1; change < 256; ++change) {
      Bytes bytes = sample.bytes;
      bytes[place] ^= static_cast<std::byte>(change);
      (void)decodes(sample, bytes);
    }
  }
}

TEST_P(HostileBytes, DoNoHarmWithHugeCountsAnywhere) {
  const Sample& sample = GetParam();
  for (const std::uint64_t count :
       {std::uint64_t{1} << 20, std::uint64_t{1} << 40, std::uint64_t{1} << 61, UINT64_MAX / 8 + 2, UINT64_MAX}) {
    for (std::size_t place = 0; place + sizeof count <= sample.bytes.size(); ++place) {
      Bytes bytes = sample.bytes;
      detail::encode_plain(&bytes[place], count);
      (void)decodes(sample, bytes);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Of, HostileBytes,
                         testing::Values(sample("Plain", Plain(1, "two", {3, 4}, std::vector<Strings>{{"five", "six"}, {}},
                                                               {true, false})),
                                         sample("Tree", Tree{1, {{2, {}}, {3, {{4, {}}}}}}), sample("Chain", short_chain()),
                                         sample("Map", std::map<std::string, std::vector<Point>>{{"a", {{1, 2}}}, {"b", {}}}),
                                         sample("UnorderedMap", std::unordered_map<int, std::string>{{1, "one"}, {2, "two"}}),
                                         sample("Variants", std::vector<Either>{{}, "text", Tree{1, {{2, {}}}}, true}),
                                         sample("List", std::list<std::tuple<Empty, Ticket, std::chrono::seconds>>(3)),
                                         sample("Account", std::optional<Account>(Account("Ada", 5))),
                                         sample("Versioned", std::vector<Versioned>{{"a"}, {"b"}})),
                         [](const auto& each) { return each.param.name; });

TEST(HostileCounts, AllocateNothingBeforeTheyAreChecked) {
  const Bytes bytes = bytes_of(std::uint64_t{1} << 40);
  for (const Sample& sample :
       {Sample{"", {}, [](std::span<const std::byte> each) { value_of<std::string>(each); }},
        Sample{"", {}, [](std::span<const std::byte> each) { value_of<std::vector<Tree>>(each); }},
        Sample{"", {}, [](std::span<const std::byte> each) { value_of<std::list<Empty>>(each); }},
        Sample{"", {}, [](std::span<const std::byte> each) { (void)value_of<std::map<int, int>>(each); }}}) {
    EXPECT_FALSE(decodes(sample, bytes));
  }
}

// Each level claims all the bytes that are left; their sum must not multiply.
TEST(HostileCounts, AreSummedUpOverAllLevels) {
  Bytes bytes;
  for (std::uint64_t level = 0; level < 400; ++level) {
    const auto part = bytes_of(std::int32_t{1}, std::uint64_t{1000});
    bytes.insert(bytes.end(), part.begin(), part.end());
  }
  const AllocationCount allocated;
  EXPECT_THROW(value_of<Tree>(bytes), SerializationError);
  EXPECT_LE(allocated.bytes(), budget_for(bytes.size()));
}

TEST(HostileNesting, IsBounded) {
  Bytes bytes;
  for (unsigned level = 0; level < 100'000; ++level) {
    const auto part = bytes_of(std::int32_t{1}, std::uint8_t{1});
    bytes.insert(bytes.end(), part.begin(), part.end());
  }
  EXPECT_THAT([&] { value_of<Chain>(bytes); },
              testing::ThrowsMessage<SerializationError>(testing::HasSubstr("nested more than 500 deep")));
}

TEST(HostileVariant, IsRefusedAsASerializationError) {
  EXPECT_THROW(value_of<Either>(bytes_of(std::int32_t{4})), SerializationError);
  EXPECT_THROW(value_of<Either>(bytes_of(std::int32_t{-1})), SerializationError);
}

TEST(HostileBitset, IsRefusedAsASerializationError) {
  constexpr std::uint8_t kText = 2;  // cereal's way to send one that fits no number
  EXPECT_THROW(value_of<std::vector<std::bitset<12>>>(bytes_of(std::uint64_t{1}, kText, std::string("012"))), SerializationError);
}

TEST(HostileBools, AreRefusedInBlocks) {
  struct Flags {
    bool flags[3] = {};
    void serialize(OutputArchive& archive) { archive(flags); }
    void serialize(InputArchive& archive) { archive(flags); }
  };
  Bytes bytes = bytes_of(Flags());
  bytes[1] = std::byte{2};
  EXPECT_THROW(value_of<Flags>(bytes), SerializationError);
}

TEST(HostileSizeTag, IsRefusedWhenItsTypeCannotHoldIt) {
  struct Short {
    std::vector<char> letters;
    void save(OutputArchive& archive) const {
      archive(cereal::make_size_tag(letters.size()));
      archive(cereal::binary_data(letters.data(), letters.size()));
    }
    void load(InputArchive& archive) {
      std::uint8_t count = 0;
      archive(cereal::make_size_tag(count));
      letters.resize(count);
      archive(cereal::binary_data(letters.data(), letters.size()));
    }
  };
  EXPECT_THROW(value_of<Short>(bytes_of(Short{std::vector<char>(300)})), SerializationError);
}

TEST(HostileEmptyObject, IsRefusedUnlessItIsZero) {
  EXPECT_THROW(value_of<Empty>(bytes_of(std::uint8_t{1})), SerializationError);
}

}  // namespace
}  // namespace troupe::test
