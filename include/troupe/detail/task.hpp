// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <exception>

namespace troupe::pool {
template <class T>
class TaskList;
}

namespace troupe::detail {

// Something that one of a crew's workers is to do once. How it is done, those that derive from this know. Ownership: counted,
// with the cell that it is a part of. Thread-safety: one owner at a time; the crew's mutex hands it on.
class Task {
 public:
  Task() = default;
  virtual ~Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  // False: it has been cancelled, and need not be done.
  virtual bool begin() noexcept = 0;
  // Its outcome is this error.
  virtual void fail(std::exception_ptr error) = 0;
  virtual void add_reference() noexcept = 0;
  virtual void drop_reference() noexcept = 0;
  // So many items are done with it.
  virtual std::size_t item_count() const noexcept { return 1; }

 private:
  template <class T>
  friend class pool::TaskList;

  Task* newer_ = nullptr;  // in the list that it is in
  Task* older_ = nullptr;
};

}  // namespace troupe::detail
