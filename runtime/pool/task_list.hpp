// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/task.hpp>

#include <utility>

namespace troupe::pool {

// Tasks in a row; a task is in one list at a time. Nothing is allocated. Thread-safety: none. Ownership: a reference on each.
class TaskList {
 public:
  TaskList() = default;
  TaskList(TaskList&& other) noexcept
      : oldest_(std::exchange(other.oldest_, nullptr)), newest_(std::exchange(other.newest_, nullptr)) {}
  TaskList& operator=(TaskList&& other) noexcept {
    std::swap(oldest_, other.oldest_);
    std::swap(newest_, other.newest_);
    return *this;
  }

  bool empty() const noexcept { return oldest_ == nullptr; }
  detail::Task* newest() const noexcept { return newest_; }
  static detail::Task* before(const detail::Task& task) noexcept { return task.older_; }

  void push_back(detail::Task& task) noexcept {
    task.older_ = newest_;
    task.newer_ = nullptr;
    (newest_ != nullptr ? newest_->newer_ : oldest_) = &task;
    newest_ = &task;
  }
  void push_front(detail::Task& task) noexcept {
    task.newer_ = oldest_;
    task.older_ = nullptr;
    (oldest_ != nullptr ? oldest_->older_ : newest_) = &task;
    oldest_ = &task;
  }
  // Before all that are younger: of a list that is in order.
  void insert_by_age(detail::Task& task) noexcept {
    detail::Task* next = oldest_;
    while (next != nullptr && next->age_ < task.age_) next = next->newer_;
    if (next == nullptr) return push_back(task);
    if (next == oldest_) return push_front(task);
    task.newer_ = next;
    task.older_ = next->older_;
    next->older_->newer_ = &task;
    next->older_ = &task;
  }
  void remove(detail::Task& task) noexcept {
    (task.older_ != nullptr ? task.older_->newer_ : oldest_) = task.newer_;
    (task.newer_ != nullptr ? task.newer_->older_ : newest_) = task.older_;
  }
  detail::Task* pop_front() noexcept {
    detail::Task* const task = oldest_;
    if (task != nullptr) remove(*task);
    return task;
  }

 private:
  detail::Task* oldest_ = nullptr;
  detail::Task* newest_ = nullptr;
};

}  // namespace troupe::pool
