// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/progress.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

namespace troupe::pool {

// How far a crew has come, and when that is to be told of: every 100 ms at the most, and when all is done. Thread-safety: none.
class ProgressCount {
 public:
  // So many items have been given, so many are done. Whether there is something to tell.
  bool note(std::size_t given, std::size_t done) noexcept {
    if (progress_.total == 0) first_given_ = Clock::now();
    progress_.total += given;
    progress_.done += done;
    return done != 0 && callback_ != nullptr && is_time_for_news();
  }
  // Gives the former one.
  std::shared_ptr<detail::ProgressCallback> tell(std::shared_ptr<detail::ProgressCallback> callback) noexcept;

  struct News {
    std::shared_ptr<detail::ProgressCallback> callback;
    Progress progress;

    void operator()() const { callback->run(progress); }
  };
  // What is to be told, once.
  std::optional<News> take_news() noexcept;

 private:
  using Clock = std::chrono::steady_clock;

  bool is_time_for_news() noexcept;

  Progress progress_;
  Clock::time_point first_given_{};
  Clock::time_point told_{};
  bool has_news_ = false;
  std::shared_ptr<detail::ProgressCallback> callback_;
};

}  // namespace troupe::pool
