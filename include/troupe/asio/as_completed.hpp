// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio/arrivals.hpp>
#include <troupe/asio/source.hpp>
#include <troupe/asio/wait.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::async {

// Several results, one after the other as they come:
//   auto answers = as_completed(std::move(calls), 2s);
//   while (auto answer = co_await answers.next()) use(co_await *answer);
// Coroutines start with the first next(); the time counts from as_completed.
template <detail::Source S>
class AsCompleted {
 public:
  using Result = AsyncResult<detail::ValueOf<S>>;

  AsCompleted(std::vector<S> sources, detail::TimePoint deadline) : sources_(std::move(sources)), deadline_(deadline) {}

  // The next one that has its outcome, each once; nothing after the last. Errors: TimeoutError when the time is over; they go on.
  awaitable<std::optional<Result>> next() { return detail::calmly(take_next()); }

 private:
  awaitable<std::optional<Result>> take_next() {
    const auto executor = co_await detail::this_coro::executor;
    if (arrivals_ == nullptr) start_all(executor);
    if (arrivals_->left() == 0) co_return std::nullopt;
    detail::WaitEnd::How how{};
    const auto index = co_await arrivals_->next(how, detail::EndWait(), detail::alarm_at(executor, deadline_));
    if (how == detail::WaitEnd::timed_out) throw TimeoutError(unfinished());
    if (!index) detail::throw_cancelled("troupe::async::as_completed");
    co_return std::move(results_[*index]);
  }

  void start_all(const boost::asio::any_io_executor& executor) {
    arrivals_ = std::make_unique<detail::Arrivals>(executor);
    for (S& source : sources_) {
      results_.push_back(detail::result_of(detail::start(executor, std::move(source))));
      arrivals_->expect(detail::cell_of(results_.back()), results_.size() - 1);
    }
  }

  std::string unfinished() const {
    return std::to_string(arrivals_->left()) + " (of " + std::to_string(results_.size()) + ") futures unfinished";
  }

  std::vector<S> sources_;
  const detail::TimePoint deadline_;
  std::vector<Result> results_;  // before arrivals_, which looks at them
  std::unique_ptr<detail::Arrivals> arrivals_;
};

template <detail::Source S>
AsCompleted<S> as_completed(std::vector<S> sources, Timeout timeout = {}) {
  if constexpr (detail::StartedSource<S>) sources = detail::without_duplicates(std::move(sources));
  return AsCompleted<S>(std::move(sources), detail::deadline_after(timeout));
}

}  // namespace troupe::async
