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
  // So many items have been given, of which so many were expected.
  void give(std::size_t items, std::size_t expected) noexcept {
    expected_ -= static_cast<std::ptrdiff_t>(expected);
    note(items, 0);
  }
  // So many items have been given, so many are done. Whether there is something to tell.
  bool note(std::size_t given, std::size_t done) noexcept {
    if (given_ == 0) first_given_ = Clock::now();
    given_ += given;
    progress_.done += done;
    if (given != 0) has_told_end_ = false;
    return done != 0 && is_time_for_news();
  }
  // So many items more, or fewer, will be given, and so many ranges without a known end. Whether there is something to tell.
  bool expect(std::ptrdiff_t items, int unknown) noexcept;
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

  bool is_all_done() const noexcept { return unknown_ == 0 && expected_ == 0 && progress_.done == given_; }
  bool is_time_for_news() noexcept;

  Progress progress_;
  std::size_t given_ = 0;
  std::ptrdiff_t expected_ = 0;  // items
  int unknown_ = 0;              // ranges
  bool has_told_end_ = true;
  Clock::time_point first_given_{};
  Clock::time_point told_{};
  bool has_news_ = false;
  std::shared_ptr<detail::ProgressCallback> callback_;
};

}  // namespace troupe::pool
