// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio/settled.hpp>
#include <troupe/asio/source.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace troupe::async::detail {

// Says which of several results have come, each once and in the order in which they come, to one coroutine at a time. When it
// goes, it no longer waits for the rest, and they go on.
class Arrivals {
 public:
  explicit Arrivals(boost::asio::any_io_executor executor) : executor_(std::move(executor)), state_(std::make_shared<State>()) {}
  ~Arrivals() {
    for (const auto& link : links_) link->abandon();
  }
  Arrivals(const Arrivals&) = delete;
  Arrivals& operator=(const Arrivals&) = delete;

  // `index` is what next() gives once `cell`, which the caller keeps, has its outcome.
  void expect(ResultCell& cell, std::size_t index) {
    ++expected_count_;
    if (cell.has_outcome()) return state_->arrived.push_back(index);
    const auto arrived = [state = state_, index](const WaitEnd& end) { state->note(index, end); };
    waited_for_.resize(std::max(waited_for_.size(), index + 1));
    waited_for_[index] = &cell;
    start_wait(cell, GoOn(), boost::asio::bind_executor(executor_, arrived),
               [this](const std::shared_ptr<WaitLink>& link) { links_.push_back(link); });
  }

  // How many next() has not given yet.
  std::size_t left() const { return expected_count_; }

  // Calmly; nothing when the alarm rings first, or the coroutine is cancelled and `on_cancel` ends the wait: `how` says which.
  template <class OnCancel>
  awaitable<std::optional<std::size_t>> next(WaitEnd::How& how, OnCancel on_cancel, std::shared_ptr<Alarm> alarm = nullptr) {
    how = WaitEnd::outcome;
    while (state_->arrived.empty()) {
      if (state_->error != nullptr) std::rethrow_exception(state_->error);
      check_not_in_vain(alarm != nullptr ? alarm->when() : TimePoint::max());
      const AsyncResult<void> rung = state_->bell.emplace().result();
      how = co_await settled(CellReference(cell_of(rung)), on_cancel, alarm, By::other_waits);
      if (how != WaitEnd::outcome && state_->arrived.empty()) co_return std::nullopt;
    }
    how = WaitEnd::outcome;
    const std::size_t index = state_->arrived.front();
    state_->arrived.pop_front();
    --expected_count_;
    if (index < waited_for_.size()) waited_for_[index] = nullptr;  // the caller may let it go
    co_return index;
  }

 private:
  void check_not_in_vain(TimePoint deadline) const {
    if (troupe::detail::OneTurn::context() == nullptr) return;
    std::vector<ResultCell*> left;
    for (ResultCell* each : waited_for_) {
      if (each != nullptr && !each->has_outcome()) left.push_back(each);
    }
    check_one_can_come(left, executor_, deadline);
  }

  struct State {
    void note(std::size_t index, const WaitEnd& end) {
      if (end.how == WaitEnd::failed) error = end.why;
      if (end.how == WaitEnd::outcome) arrived.push_back(index);
      if (bell) std::exchange(bell, std::nullopt)->set_value();
    }

    std::deque<std::size_t> arrived;
    std::optional<Promise<void>> bell;  // of the coroutine that waits
    std::exception_ptr error;
  };

  const boost::asio::any_io_executor executor_;
  const std::shared_ptr<State> state_;
  std::vector<std::shared_ptr<WaitLink>> links_;
  std::vector<ResultCell*> waited_for_;  // by their indices; null: next() has given it
  std::size_t expected_count_ = 0;
};

// Waits, however often the coroutine is cancelled, until those of the children have ended that are coroutines.
inline awaitable<void> cancel_all(const std::vector<Child>& children) {
  for (const Child& child : children) child.cancel();
  for (const Child& child : children) {
    if (child.must_end()) co_await settled(child.cell, GoOn());
  }
}

}  // namespace troupe::async::detail
