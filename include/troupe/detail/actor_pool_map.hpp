// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>
#include <troupe/wait.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe::detail {

// The calls of one map: so many at a time, and their values in the order of what they were made for. Thread-safety: none.
template <class Pool, class R>
class ActorPoolMap {
 public:
  ActorPoolMap(const Pool& pool, std::size_t most) : pool_(pool), most_(most) {}

  template <auto kMethod, class Range>
  auto over(Range& range) {
    try {
      for (auto&& each : range) {
        while (under_way_.size() >= most_) take_first();
        under_way_.push_back(pool_.template call<kMethod>(std::forward<decltype(each)>(each)));
        at_.push_back(count_++);
        if constexpr (!std::is_void_v<R>) values_.emplace_back();
      }
      while (!under_way_.empty()) take_first();
    } catch (...) {
      for (const auto& each : under_way_) {
        if (each.valid()) each.cancel();
      }
      throw;
    }
    if constexpr (!std::is_void_v<R>) return std::move(values_);
  }

 private:
  // Those that have their values, once there is one.
  void take_first() {
    if (!take_ready()) {
      wait(under_way_, Timeout(), ReturnWhen::first_completed);
      take_ready();
    }
  }
  bool take_ready() {
    std::size_t left = 0;
    for (std::size_t i = 0; i < under_way_.size(); ++i) {
      if (under_way_[i].ready()) {
        take(i);
      } else if (left++ != i) {
        under_way_[left - 1] = std::move(under_way_[i]);
        at_[left - 1] = at_[i];
      }
    }
    const bool is_one_ready = left != under_way_.size();
    under_way_.resize(left);
    at_.resize(left);
    return is_one_ready;
  }
  void take(std::size_t index) {
    if constexpr (std::is_void_v<R>) {
      under_way_[index].get();
    } else {
      values_[at_[index]] = std::move(under_way_[index]).get();
    }
  }

  const Pool& pool_;
  const std::size_t most_;
  std::vector<AsyncResult<R>> under_way_;
  std::vector<std::size_t> at_;  // whose value it is, of each
  std::size_t count_ = 0;
  std::vector<std::conditional_t<std::is_void_v<R>, char, R>> values_;
};

}  // namespace troupe::detail
