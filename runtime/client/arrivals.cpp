// SPDX-License-Identifier: BSL-1.0
#include <troupe/async_result.hpp>
#include <troupe/detail/several.hpp>
#include <troupe/error.hpp>

#include <fmt/core.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>

#include "base/serving.hpp"
#include "client/callback_thread.hpp"
#include "client/cell_status.hpp"
#include "client/several.hpp"
#include "client/task_wait.hpp"

namespace troupe::detail {

using client::CellAccess;
using Clock = std::chrono::steady_clock;

// Each waiter notes its cell's arrival in a list, where the one thread that goes through it finds it.
// Thread-safety: next() and close(), that thread; the rest, any. Ownership: counted: that thread, and each registered waiter.
class Arrivals {
 public:
  Arrivals(const std::vector<ResultCell*>& cells, Timeout timeout);
  Arrivals(const Arrivals&) = delete;
  Arrivals& operator=(const Arrivals&) = delete;

  void begin();
  ResultCell* next();
  void close() noexcept;

 private:
  class Waiter final : public Callback {
   public:
    Waiter(Arrivals& arrivals, ResultCell& source) noexcept : cell(&source), arrivals_(&arrivals) {}

    bool note(ResultCell&) noexcept override {
      arrivals_->come(*this);
      drop();
      return true;
    }
    void run(ResultCell&) override {}  // never: note() says that that was all
    void drop() noexcept override { arrivals_->drop_reference(); }
    bool is_waiter() const noexcept override { return true; }

    ResultCell* cell;  // a handle, until it is handed out

   private:
    Arrivals* arrivals_;
  };

  ~Arrivals() = default;
  void drop_reference() noexcept;
  void come(Waiter& waiter) noexcept;
  ResultCell* take_arrived(std::optional<AsyncResult<void>>& arrival);
  void want_all();
  std::vector<ResultCell*> left() const;
  bool await_next(const AsyncResult<void>& arrival);

  const Clock::time_point deadline_;
  std::atomic<std::uint32_t> references_{1};
  std::vector<Waiter> waiters_;
  std::size_t handed_out_ = 0;
  std::mutex mutex_;
  // Guarded by mutex_:
  std::vector<Waiter*> arrived_;  // has room for all; who comes when memory is short is not lost
  std::size_t taken_ = 0;         // of those
  std::optional<Promise<void>> awaited_;
};

Arrivals::Arrivals(const std::vector<ResultCell*>& cells, Timeout timeout)
    : deadline_(timeout.is_forever() ? Clock::time_point::max() : timeout.after(Clock::now())) {
  waiters_.reserve(cells.size());
  arrived_.reserve(cells.size());
  for (ResultCell* each : cells) {
    each->add_handle();
    waiters_.emplace_back(*this, *each);
  }
}

void Arrivals::begin() {
  for (auto& waiter : waiters_) {
    references_.fetch_add(1, std::memory_order_relaxed);
    waiter.cell->add_callback(&waiter);
  }
}

// What is destroyed here is no value of the user's: the handles have gone in close().
void Arrivals::drop_reference() noexcept {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

void Arrivals::close() noexcept {
  for (auto& waiter : waiters_) {
    if (waiter.cell == nullptr) continue;
    // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDelete): the last reference is the one that is dropped below
    if (waiter.cell->remove_callback(&waiter)) drop_reference();
    waiter.cell->drop_handle();
  }
  drop_reference();  // NOLINT(clang-analyzer-cplusplus.NewDelete): likewise
}

// In whichever thread completes the cell: its reader, perhaps.
void Arrivals::come(Waiter& waiter) noexcept {
  std::optional<Promise<void>> awaited;
  {
    const std::lock_guard lock(mutex_);
    arrived_.push_back(&waiter);
    awaited.swap(awaited_);
  }
  if (awaited) awaited->set_value();
}

// Null: none is there yet, and the arrival of the next is what can be waited for.
ResultCell* Arrivals::take_arrived(std::optional<AsyncResult<void>>& arrival) {
  const std::lock_guard lock(mutex_);
  if (taken_ < arrived_.size()) return std::exchange(arrived_[taken_++]->cell, nullptr);
  awaited_.emplace();
  arrival = awaited_->result();
  return nullptr;
}

ResultCell* Arrivals::next() {
  if (handed_out_ == waiters_.size()) return nullptr;
  std::optional<AsyncResult<void>> arrival;
  for (bool is_late = false;;) {
    if (ResultCell* cell = take_arrived(arrival)) {
      ++handed_out_;
      return cell;
    }
    if (is_late) {
      throw TimeoutError(fmt::format("{} (of {}) results unfinished", waiters_.size() - handed_out_, waiters_.size()));
    }
    is_late = !await_next(*arrival);
  }
}

// Blocks: until one more has come (true), or the time is up.
bool Arrivals::await_next(const AsyncResult<void>& arrival) {
  if (client::CallbackThread::is_this_thread()) want_all();
  if (deadline_ != Clock::time_point::max()) {
    if (serving.task != nullptr) want_all();
    if (serving.actor_key != 0 || serving.task != nullptr) CellAccess::check_not_all_own(left(), deadline_);
    return arrival.wait(deadline_ - Clock::now());
  }
  if (serving.task != nullptr) {
    client::TaskWait(ResultAccess::cell(arrival), left()).wait();
  } else {
    if (serving.actor_key != 0) CellAccess::check_not_all_own(left(), deadline_);
    arrival.wait();
  }
  return true;
}

// A callback waits, or a task, and what it waits for may be queued behind a callback.
void Arrivals::want_all() {
  for (const auto& waiter : waiters_) {
    if (waiter.cell != nullptr) CellAccess::want(*waiter.cell);
  }
}

// Those that have not been handed out.
std::vector<ResultCell*> Arrivals::left() const {
  std::vector<ResultCell*> left;
  for (const auto& waiter : waiters_) {
    if (waiter.cell != nullptr) left.push_back(waiter.cell);
  }
  return left;
}

ArrivalsHandle arrivals_of(std::vector<ResultCell*> cells, Timeout timeout) {
  drop_duplicates(cells);
  ArrivalsHandle arrivals(new Arrivals(cells, timeout));
  arrivals->begin();
  return arrivals;
}

ResultCell* next_arrival(Arrivals& arrivals) { return arrivals.next(); }

void CloseArrivals::operator()(Arrivals* arrivals) const noexcept { arrivals->close(); }

}  // namespace troupe::detail
