// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <ratio>
#include <stdexcept>
#include <type_traits>

namespace troupe {

// How long to wait. Made from any chrono duration; absent (default-constructed) means for ever; negative polls once.
// Too long for 64-bit nanoseconds becomes "for ever"; a floating-point NaN throws std::invalid_argument.
// Thread-safety: a value.
class Timeout {
 public:
  constexpr Timeout() = default;

  template <class Rep, class Period>
  constexpr Timeout(std::chrono::duration<Rep, Period> span) : nanoseconds_(saturated(span)) {}

  constexpr bool is_forever() const { return nanoseconds_ == kForever; }
  constexpr std::chrono::nanoseconds span() const { return std::chrono::nanoseconds(nanoseconds_); }

  // The instant at which a wait that starts at `now` ends; time_point::max() for one that never does.
  std::chrono::steady_clock::time_point after(std::chrono::steady_clock::time_point now) const {
    using Clock = std::chrono::steady_clock;
    if (is_forever() || now > Clock::time_point::max() - span()) return Clock::time_point::max();
    return now + std::chrono::duration_cast<Clock::duration>(span());
  }

  friend constexpr bool operator==(Timeout, Timeout) = default;

 private:
  static constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

  template <class Rep, class Period>
  static constexpr std::int64_t saturated(std::chrono::duration<Rep, Period> span) {
    if constexpr (std::is_floating_point_v<Rep>) {
      if (span.count() != span.count()) throw std::invalid_argument("troupe::Timeout: the duration is not a number");
    }
    const auto seconds = static_cast<long double>(span.count()) * Period::num / Period::den;
    if (seconds >= 9.2e9L) return kForever;
    if (seconds <= 0) return 0;
    return std::chrono::duration_cast<std::chrono::nanoseconds>(span).count();
  }

  std::int64_t nanoseconds_ = kForever;
};

}  // namespace troupe
