// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/crew.hpp>
#include <troupe/detail/pool_chunks.hpp>
#include <troupe/detail/pool_expected.hpp>
#include <troupe/detail/pool_map.hpp>
#include <troupe/error.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace troupe {

namespace detail {

// How many items of an executor's map are submitted in the call, of ranges that know how many they have.
inline constexpr std::size_t kMapWindow = 65536;

// What a verb says when its crew takes nothing more: `error` in the words of a pool, or of an executor. What a crew says that is
// broken stays.
std::exception_ptr end_of_submitting(std::exception_ptr error, bool is_of_executor);

}  // namespace detail

// What imap gives: a range of the function's results, to be gone through once; of a function that gives nothing,
// std::monostate. A `for` over it ends at the first error, which leaves the loop; where the items behind that one are wanted too,
// call next() in a loop, with its own try. Destroyed before its end, it cancels what has not begun, and asks what runs to stop.
// Thread-safety: one thread at a time.
template <class Work, class F, class Range, detail::Order kOrder>
class [[nodiscard]] PoolResults {
  using Item = detail::ItemOf<Range>;
  using R = typename Work::template Result<F, Item>;
  using Reply = typename Work::template Chunk<R>;
  using Crew = typename Work::Crew;
  using Function = typename Work::template Function<F>;

 public:
  using value_type = std::conditional_t<std::is_void_v<R>, std::monostate, R>;
  class Iterator;

  // For the verbs.
  PoolResults(std::shared_ptr<Crew> crew, Function function, Range&& items, const detail::ImapMode& mode)
      : crew_(std::move(crew)),
        function_(std::move(function)),
        chunksize_(mode.chunksize),
        ends_at_error_(mode.ends_at_error),
        deadline_(mode.timeout.after(std::chrono::steady_clock::now())),
        items_(std::make_unique<Items>(std::forward<Range>(items))),
        ahead_(mode.ends_at_error),
        expected_(crew_, items_->count) {
    window_ = window();
    have_asked();
    if (is_refused_ && ahead_.size() == 0) none_left();
  }
  PoolResults(PoolResults&&) noexcept = default;
  PoolResults& operator=(PoolResults&&) noexcept = default;
  ~PoolResults() { ahead_.cancel(); }

  // The next result; nullopt: there are no more. Blocks: until it is there. Errors: what the item failed with; what the range of
  // the items has thrown, behind the results before it; TimeoutError: nothing is lost. After any of them it goes on.
  std::optional<value_type> next(Timeout timeout = {}) {
    if (!ends_at_error_) return go_on(timeout);
    try {
      return go_on(rest_of(timeout));
    } catch (...) {
      end_now();
      throw;
    }
  }

  Iterator begin() {
    current_ = next();
    return Iterator(*this);
  }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  struct Items {
    explicit Items(Range&& its_range) : range(std::forward<Range>(its_range)) {}
    Range range;
    std::optional<std::size_t> count = detail::known_count(range);  // at the call
    decltype(std::begin(std::declval<Range&>())) at = std::begin(range);
    bool has_ended = false;
  };

  std::size_t window() const {
    const std::size_t usual = std::max<std::size_t>(4 * crew_->size(), 64);
    if (!ends_at_error_ || !items_->count) return usual;
    const std::size_t items = std::min(*items_->count, detail::kMapWindow);
    return std::max(usual, (items + chunksize_ - 1) / chunksize_);
  }

  std::optional<value_type> go_on(Timeout timeout) {
    while (at_ == count_) {
      have_asked();
      if (ahead_.size() == 0) return none_left();
      open(ahead_.take(kOrder, timeout));
    }
    return result_at(at_++);
  }

  Timeout rest_of(Timeout timeout) const {
    using Clock = std::chrono::steady_clock;
    if (deadline_ == Clock::time_point::max()) return timeout;
    return std::min(timeout.span(), std::chrono::nanoseconds(deadline_ - Clock::now()));
  }
  void end_now() noexcept {
    ahead_.cancel();
    end_input();
    input_error_ = nullptr;
    at_ = count_ = 0;
  }

  void end_input() noexcept {
    items_->has_ended = true;
    expected_.end();
  }

  std::optional<value_type> none_left() {
    if (input_error_ != nullptr) std::rethrow_exception(std::exchange(input_error_, nullptr));
    return std::nullopt;
  }

  void have_asked() {
    while (!items_->has_ended && ahead_.size() < window_) {
      auto items = next_items();
      if (!items.empty()) ask_for(std::move(items));
      if (items_->has_ended) expected_.end();
    }
  }

  // What cannot be written fails in its place; a pool that takes nothing more is the end.
  void ask_for(std::vector<Item> items) {
    detail::ChunkAhead<Reply> chunk{.item_count = items.size()};
    try {
      chunk.result = submit(std::move(items));
    } catch (const PoolStateError&) {
      return refuse();
    } catch (const BrokenExecutorError&) {
      return refuse();
    } catch (...) {
      chunk.error = std::current_exception();
      expected_.forget(chunk.item_count);
    }
    ahead_.add(std::move(chunk));
  }

  // In a catch block.
  void refuse() {
    is_refused_ = true;
    input_error_ = detail::end_of_submitting(std::current_exception(), ends_at_error_);
    end_input();
  }

  AsyncResult<Reply> submit(std::vector<Item> items) {
    const std::size_t expected = expected_.among(items.size());
    std::vector<typename Work::Task*> alone(1);
    auto* task = Work::template new_chunk<F, Item>(*crew_, function_, std::move(items));
    alone.front() = task;
    AsyncResult<Reply> result = detail::ResultAccess::adopt<Reply>(task);
    crew_->submit(std::move(alone), expected);
    expected_.note_submitted(expected);
    return result;
  }

  std::vector<Item> next_items() {
    std::vector<Item> chunk;
    try {
      for (; chunk.size() < chunksize_ && !(items_->has_ended = items_->at == std::end(items_->range)); ++items_->at)
        chunk.push_back(*items_->at);
    } catch (...) {
      input_error_ = std::current_exception();
      items_->has_ended = true;
    }
    return chunk;
  }

  void open(detail::ChunkAhead<Reply> chunk) {
    at_ = 0;
    count_ = chunk.item_count;
    next_error_ = 0;
    chunk_ = std::move(chunk);
  }

  value_type result_at(std::size_t index) {
    if (chunk_.error != nullptr) std::rethrow_exception(chunk_.error);  // of each of its items
    auto& cell = static_cast<typename Work::template Cell<Reply>&>(detail::ResultAccess::cell(chunk_.result));
    cell.await_value(Timeout());  // likewise
    auto& [values, errors] = cell.value();
    if (next_error_ < errors.size() && std::get<0>(errors[next_error_]) == index)
      std::rethrow_exception(Work::template error_of<R>(errors[next_error_++], cell));
    if constexpr (std::is_void_v<R>) {
      return {};
    } else {
      return Work::template value_of<R>(values, index);
    }
  }

  std::shared_ptr<Crew> crew_;
  [[no_unique_address]] Function function_;
  std::size_t chunksize_;
  bool ends_at_error_;
  std::chrono::steady_clock::time_point deadline_;
  std::size_t window_ = 0;  // chunks
  std::unique_ptr<Items> items_;
  std::exception_ptr input_error_;
  bool is_refused_ = false;  // the crew takes nothing more
  detail::ChunksAhead<Reply> ahead_;
  detail::ExpectedItems expected_;
  detail::ChunkAhead<Reply> chunk_;
  std::size_t at_ = 0;
  std::size_t count_ = 0;
  std::size_t next_error_ = 0;
  std::optional<value_type> current_;
};

// An input iterator; the results may be moved from.
template <class Work, class F, class Range, detail::Order kOrder>
class PoolResults<Work, F, Range, kOrder>::Iterator {
 public:
  using iterator_concept = std::input_iterator_tag;
  using iterator_category = std::input_iterator_tag;
  using value_type = PoolResults::value_type;
  using difference_type = std::ptrdiff_t;
  using reference = value_type&;
  using pointer = value_type*;

  value_type& operator*() const { return *results_->current_; }
  value_type* operator->() const { return &*results_->current_; }
  // Waits for the next result. Errors: as those of next().
  Iterator& operator++() {
    results_->current_ = results_->next();
    return *this;
  }
  void operator++(int) { ++*this; }
  bool operator==(std::default_sentinel_t) const { return !results_->current_; }

 private:
  friend class PoolResults;
  explicit Iterator(PoolResults& results) noexcept : results_(&results) {}

  PoolResults* results_;
};

namespace detail {

template <class Work, class F, Order kOrder, class Range>
auto make_imap(const std::shared_ptr<typename Work::Crew>& crew, typename Work::template Function<F> function, Range&& items,
               const ImapMode& mode) {
  Work::template assert_maps<F, ItemOf<Range>>();
  return PoolResults<Work, F, Range, kOrder>(crew, std::move(function), std::forward<Range>(items), mode);
}

}  // namespace detail
}  // namespace troupe
