// SPDX-License-Identifier: BSL-1.0
#include "stream_reader.hpp"

#include <fmt/core.h>

#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include "watchdog.hpp"

namespace troupe::campaigns {

StreamReader::StreamReader(Proxy<Clerk> clerk, Ledger& ledger, std::uint64_t seed, Lives lives)
    : clerk_(std::move(clerk)), ledger_(ledger), lives_(lives), random_(seed) {}

void StreamReader::run() {
  while (!must_end_) {
    try {
      read_one();
    } catch (const ActorDied&) {
      if (lives_ == Lives::one) return;
    } catch (const ManagerDied&) {
      return;
    } catch (const std::exception& error) {
      return ledger_.complain(fmt::format("a stream ended with: {}", error.what()));
    }
  }
}

void StreamReader::read_one() {
  Step step("waiting for the values of a stream");
  std::uint64_t expected = random_() >> 1;
  auto stream = clerk_.with({.window = static_cast<unsigned>(uniform(random_, 1, 64))}).stream<&Clerk::pages>(expected);
  for (int left = uniform(random_, 0, 2000); left > 0 && !must_end_; --left) {
    const auto value = next_of(stream);
    expect(value.has_value(), "it had no more values after {}", expected);
    expect(*value == expected, "it gave {} instead of {}", *value, expected);
    ++expected;
    step.renew();
  }
}

std::optional<std::uint64_t> StreamReader::next_of(Stream<std::uint64_t>& stream) {
  if (one_in(random_, 10)) return stream.async_next().get();
  while (one_in(random_, 5)) {
    try {
      return stream.next(std::chrono::microseconds(uniform(random_, 0, 50)));
    } catch (const TimeoutError&) {  // nothing is lost
    }
  }
  return stream.next();
}

}  // namespace troupe::campaigns
