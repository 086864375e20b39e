// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <tuple>
#include <utility>

namespace troupe::detail {

template <class Range>
concept KnowsItsSize = requires(Range& range) {
  static_cast<std::size_t>(std::size(range));
};

// Several ranges as one of tuples, as long as the shortest; to be gone through once. Rvalues are kept, lvalues looked at.
template <class... Ranges>
class Zip {
 public:
  using value_type = std::tuple<std::iter_value_t<decltype(std::begin(std::declval<Ranges&>()))>...>;
  class Iterator;

  explicit Zip(Ranges&&... ranges) : ranges_(std::forward<Ranges>(ranges)...) {}

  Iterator begin() {
    return Iterator(*this, std::apply([](auto&... each) { return std::tuple(std::begin(each)...); }, ranges_));
  }
  std::default_sentinel_t end() const noexcept { return {}; }
  std::size_t size() const requires(KnowsItsSize<Ranges>&&...) {
    return std::apply([](const auto&... each) { return std::min({static_cast<std::size_t>(std::size(each))...}); }, ranges_);
  }

 private:
  std::tuple<Ranges...> ranges_;
};

template <class... Ranges>
class Zip<Ranges...>::Iterator {
 public:
  using iterator_concept = std::input_iterator_tag;
  using value_type = Zip::value_type;
  using difference_type = std::ptrdiff_t;

  Iterator(Zip& zip, std::tuple<decltype(std::begin(std::declval<Ranges&>()))...> at) : zip_(&zip), at_(std::move(at)) {}

  value_type operator*() const {
    return std::apply([](auto&... each) { return value_type(*each...); }, at_);
  }
  Iterator& operator++() {
    std::apply([](auto&... each) { (static_cast<void>(++each), ...); }, at_);
    return *this;
  }
  void operator++(int) { ++*this; }
  bool operator==(std::default_sentinel_t) const { return is_at_end(std::index_sequence_for<Ranges...>()); }

 private:
  template <std::size_t... I>
  bool is_at_end(std::index_sequence<I...>) const {
    return ((std::get<I>(at_) == std::end(std::get<I>(zip_->ranges_))) || ...);
  }

  Zip* zip_;
  mutable std::tuple<decltype(std::begin(std::declval<Ranges&>()))...> at_;
};

}  // namespace troupe::detail
