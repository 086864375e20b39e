// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>
#include <troupe/detail/result_cell.hpp>
#include <troupe/detail/task.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace troupe::pool {
class ThreadCrew;
}

namespace troupe::detail {

class LocalCrew;

// A task that a thread of this process runs. While it runs, this_call() is it.
class LocalTask : public Task {
 public:
  explicit LocalTask(LocalCrew& crew) noexcept : crew_(crew) {}

  // In a worker's thread, once, when it has begun. Leaves only by what ends the thread itself (forced unwinding).
  virtual void run() = 0;

  // Of one that has no outcome yet. One that has may have outlived its crew.
  LocalCrew& crew() const noexcept { return crew_; }
  // By anybody.
  virtual void ask_to_stop() noexcept;
  // By the thread that runs it.
  virtual std::stop_token stop_token();
  // The task that the thread was running when it began with this one; null: none.
  const LocalTask* outer() const noexcept { return outer_; }

 private:
  friend class pool::ThreadCrew;

  LocalCrew& crew_;                          // lives until the task has its outcome
  LocalTask* outer_ = nullptr;               // set by the thread that runs it, as long as it does
  bool is_waiting_ = false;                  // in the crew's backlog; guarded, as the next, by the crew's mutex
  bool has_been_told_ = false;               // that the crew has been terminated
  bool is_asked_to_stop_ = false;            // guarded, as the next, by a mutex that is all tasks'
  std::stop_source stop_{std::nostopstate};  // made when it is first asked for
};

// What a task gives, whatever it is that it runs.
template <class R>
class LocalResultCell : public TypedCell<R>, public LocalTask {
 public:
  bool begin() noexcept override { return this->start(); }
  void add_reference() noexcept override { ResultCell::add_reference(); }
  void drop_reference() noexcept override { ResultCell::drop_reference(); }
  std::size_t item_count() const noexcept override { return item_count_; }
  std::int64_t failed_at_ns() const noexcept { return failed_at_ns_.load(std::memory_order_relaxed); }  // steady clock

 protected:
  LocalResultCell(const CellType& type, LocalCrew& crew, std::size_t item_count)
      : TypedCell<R>(type, 1), LocalTask(crew), item_count_(item_count) {}
  ~LocalResultCell() override = default;

  void publish(std::exception_ptr error) {
    if (error != nullptr) {
      failed_at_ns_.store(std::chrono::steady_clock::now().time_since_epoch().count(), std::memory_order_relaxed);
      this->complete_with_error(std::move(error));
    } else if (this->claim()) {
      this->publish_value();
    }
  }

 private:
  const std::size_t item_count_;
  std::atomic<std::int64_t> failed_at_ns_{0};
};

// Inside a catch block, for what the user has written: what was thrown; what ends the thread itself goes on.
std::exception_ptr caught_in_task();

// A task that calls Work once. What that holds is destroyed before the outcome is there.
template <class R, class Work>
class LocalCell final : public LocalResultCell<R> {
 public:
  LocalCell(LocalCrew& crew, std::size_t item_count, Work work)
      : LocalResultCell<R>(kType, crew, item_count), work_(std::move(work)) {}

  void run() override {
    std::exception_ptr error;
    try {
      if constexpr (std::is_void_v<R>) {
        (*work_)();
        this->make_value();
      } else {
        this->make_value((*work_)());
      }
    } catch (...) {
      error = caught_in_task();
    }
    work_.reset();
    this->publish(std::move(error));
  }
  void fail(std::exception_ptr error) override {
    work_.reset();
    this->publish(std::move(error));
  }

 private:
  static constexpr CellType kType{nullptr, [](ResultCell* cell) noexcept { delete static_cast<LocalCell*>(cell); }, false,
                                  nullptr,
                                  [](ResultCell& cell) noexcept -> LocalTask* { return &static_cast<LocalCell&>(cell); }};

  std::optional<Work> work_;
};

// Its reference is the caller's, beside the handle.
template <class R, class Work>
LocalResultCell<R>* new_local_task(LocalCrew& crew, std::size_t item_count, Work work) {
  return new LocalCell<R, Work>(crew, item_count, std::move(work));
}

}  // namespace troupe::detail
