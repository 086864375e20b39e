// SPDX-License-Identifier: BSL-1.0
// Parameters that are views: of what the caller wrote, where it lies, or of a private copy.
#include <gtest/gtest.h>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

#include <cstdint>
#include <fstream>
#include <numeric>
#include <span>
#include <sstream>
#include <string>
#include <string_view>

namespace troupe::test {
namespace {

// Whether an address lies in memory that was made for a channel.
bool is_in_channel(const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::istringstream fields(line);
    std::uintptr_t begin = 0, end = 0;
    char dash = 0;
    fields >> std::hex >> begin >> dash >> end;
    if (begin <= wanted && wanted < end) return line.find("/memfd:") != std::string::npos;
  }
  return false;
}

class Viewer {
 public:
  bool looks_at_text(std::string_view text) { return is_in_channel(text.data()); }
  bool looks_at_text_by_reference(const std::string_view& text) { return is_in_channel(text.data()); }
  bool looks_at_numbers(std::span<const double> numbers) { return is_in_channel(numbers.data()); }
  bool looks_behind(const std::string&, std::span<const double> numbers) { return is_in_channel(numbers.data()); }
  std::size_t count_texts(std::span<const std::string> texts) { return texts.size(); }

  std::string text(std::string_view text) { return std::string(text); }
  double sum(std::span<const double> numbers) { return std::accumulate(numbers.begin(), numbers.end(), 0.0); }
  double sum_behind(const std::string&, std::span<const double> numbers) { return sum(numbers); }
  std::string joined(std::string_view a, std::vector<std::string> between, std::string_view b) {
    std::string all(a);
    for (const std::string& each : between) all += each;
    return all += b;
  }
};

class Views : public testing::RuntimeTest {};

TEST_F(Views, LookStraightAtWhatTheCallerWrote) {
  auto actor = runtime().spawn<Viewer>();
  EXPECT_TRUE(actor.call<&Viewer::looks_at_text>("in the ring").get());
  EXPECT_TRUE(actor.call<&Viewer::looks_at_text_by_reference>("in the ring").get());
  EXPECT_TRUE(actor.call<&Viewer::looks_at_text>(std::string(1 << 20, 'x')).get());
  EXPECT_TRUE(actor.call<&Viewer::looks_at_numbers>(std::vector<double>(5)).get());
  EXPECT_TRUE(actor.call<&Viewer::looks_at_numbers>(std::vector<double>(100'000)).get());
}

TEST_F(Views, LookAtAPrivateCopyWherePeersMayBeHostile) {
  auto actor = runtime().spawn<Viewer>({.security = SecurityLevel::l1});
  EXPECT_FALSE(actor.call<&Viewer::looks_at_text>(std::string(1 << 20, 'x')).get());
  EXPECT_FALSE(actor.call<&Viewer::looks_at_numbers>(std::vector<double>(100'000)).get());
  EXPECT_EQ(actor.call<&Viewer::text>("the same").get(), "the same");
}

TEST_F(Views, LookAtAPrivateCopyWhereTheNumbersDoNotLieAligned) {
  auto actor = runtime().spawn<Viewer>();
  const std::vector<double> numbers{1, 2, 3.5};
  EXPECT_FALSE(actor.call<&Viewer::looks_behind>("odd", numbers).get());
  EXPECT_TRUE(actor.call<&Viewer::looks_behind>("in eights", numbers).get() ||
              actor.call<&Viewer::looks_behind>("12345678", numbers).get());
  EXPECT_EQ(actor.call<&Viewer::sum_behind>("odd", numbers).get(), 6.5);
}

TEST_F(Views, SeeTheSameAsInALocalCall) {
  for (const SecurityLevel security : {SecurityLevel::l0, SecurityLevel::l1}) {
    auto actor = runtime().spawn<Viewer>({.security = security});
    EXPECT_EQ(actor.call<&Viewer::text>("").get(), "");
    EXPECT_EQ(actor.call<&Viewer::text>("some").get(), "some");
    EXPECT_EQ(actor.call<&Viewer::sum>(std::vector<double>{}).get(), 0);
    EXPECT_EQ(actor.call<&Viewer::sum>(std::vector<double>{1, 2}).get(), 3);
    EXPECT_EQ(actor.call<&Viewer::joined>("a", std::vector<std::string>{"b", "c"}, "d").get(), "abcd");
    EXPECT_EQ(actor.call<&Viewer::count_texts>(std::vector<std::string>{"x", "y"}).get(), 2u);
  }
}

}  // namespace
}  // namespace troupe::test
