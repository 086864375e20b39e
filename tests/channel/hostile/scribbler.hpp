// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <random>
#include <thread>

#include "platform/memory.hpp"
#include "wire/envelope.hpp"

namespace troupe::channel {

// Writes plausible and implausible words all over a memory until it is destroyed.
class Scribbler {
 public:
  explicit Scribbler(const platform::Mapping& mapping, std::uint64_t seed)
      : thread_([this, &mapping, seed] { scribble(mapping, seed); }) {}
  ~Scribbler() {
    has_to_stop_ = true;
    thread_.join();
  }
  Scribbler(const Scribbler&) = delete;
  Scribbler& operator=(const Scribbler&) = delete;

 private:
  void scribble(const platform::Mapping& mapping, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    auto* words = reinterpret_cast<std::atomic<std::uint64_t>*>(mapping.data());
    const std::size_t count = mapping.size_bytes() / sizeof *words;
    while (!has_to_stop_) {
      const std::size_t at = random() % count;
      const std::uint64_t commit =
          wire::Commit{static_cast<std::uint32_t>(random() % 16), static_cast<std::uint32_t>(random() % 5000)}.pack();
      const std::uint64_t header = (random() % 8 << 32) | (random() % 4 << 48) | random() % 6;
      words[at].store(at % 8 == 0 ? commit : at % 2 == 1 ? header : random(), std::memory_order_relaxed);
    }
  }

  std::atomic<bool> has_to_stop_{false};
  std::thread thread_;
};

}  // namespace troupe::channel
