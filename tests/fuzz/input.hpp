// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include <fmt/core.h>

// What the fuzzers share. Each defines LLVMFuzzerTestOneInput: libFuzzer calls it with bytes that it makes up, and ctest
// with those of the corpus (replay.cpp). A promise that does not hold ends the process.
namespace troupe::fuzz {

template <class... Args>
void expect(bool holds, fmt::format_string<Args...> what, Args&&... args) {
  if (holds) return;
  fmt::print(stderr, "a promise does not hold: {}\n", fmt::format(what, std::forward<Args>(args)...));
  std::abort();
}

// Choices, made by the fuzzer's bytes from the front on; when there are none left, each is 0.
class Input {
 public:
  Input(const std::uint8_t* bytes, std::size_t count) : left_(std::as_bytes(std::span(bytes, count))) {}

  bool is_empty() const { return left_.empty(); }

  std::uint8_t byte() { return left_.empty() ? std::uint8_t{0} : std::to_integer<std::uint8_t>(take(1).front()); }
  // 0 to count - 1; count is at most 256.
  unsigned below(unsigned count) { return byte() % count; }
  // Of as many bytes as the first one says: so small numbers are short.
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned bytes = below(9); bytes > 0; --bytes) value = value << 8 | byte();
    return value;
  }
  std::span<const std::byte> take(std::size_t most) {
    const auto taken = left_.first(std::min(most, left_.size()));
    left_ = left_.subspan(taken.size());
    return taken;
  }
  std::span<const std::byte> rest() { return take(left_.size()); }

 private:
  std::span<const std::byte> left_;
};

}  // namespace troupe::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count);
