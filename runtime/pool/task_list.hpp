// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/task.hpp>

#include <utility>

namespace troupe::pool {

// Tasks of type T in a row; a task is in one list at a time. Nothing is allocated. Thread-safety: none. Ownership: a reference on
// each.
template <class T>
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
  T* oldest() const noexcept { return static_cast<T*>(oldest_); }
  T* newest() const noexcept { return static_cast<T*>(newest_); }
  static T* after(const T& task) noexcept { return static_cast<T*>(base(task).newer_); }
  static T* before(const T& task) noexcept { return static_cast<T*>(base(task).older_); }

  void push_back(T& task) noexcept { insert(newest_, task, nullptr); }
  void push_front(T& task) noexcept { insert(nullptr, task, oldest_); }
  // Before all that are younger: of a list that is in order.
  void insert_by_age(T& task) noexcept {
    Base* next = oldest_;
    while (next != nullptr && static_cast<T*>(next)->age_ < task.age_) next = next->newer_;
    insert(next != nullptr ? next->older_ : newest_, task, next);
  }
  void remove(T& task) noexcept {
    Base& links = task;
    (links.older_ != nullptr ? links.older_->newer_ : oldest_) = links.newer_;
    (links.newer_ != nullptr ? links.newer_->older_ : newest_) = links.older_;
  }
  T* pop_front() noexcept {
    T* const task = oldest();
    if (task != nullptr) remove(*task);
    return task;
  }

 private:
  using Base = detail::Task;

  static const Base& base(const T& task) noexcept { return task; }
  void insert(Base* before, Base& task, Base* after) noexcept {
    task.older_ = before;
    task.newer_ = after;
    (before != nullptr ? before->newer_ : oldest_) = &task;
    (after != nullptr ? after->older_ : newest_) = &task;
  }

  Base* oldest_ = nullptr;
  Base* newest_ = nullptr;
};

}  // namespace troupe::pool
