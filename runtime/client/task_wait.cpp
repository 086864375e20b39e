// SPDX-License-Identifier: BSL-1.0
#include "client/task_wait.hpp"

#include <troupe/detail/derivation.hpp>
#include <troupe/detail/local_task.hpp>

#include <atomic>
#include <mutex>
#include <unordered_set>

#include "base/serving.hpp"
#include "client/cell_status.hpp"
#include "client/cell_walk.hpp"
#include "platform/futex.hpp"

namespace troupe::client {

using detail::LocalTask;
using detail::ResultCell;
using detail::RunHere;
using Clock = std::chrono::steady_clock;

namespace {

detail::LocalCrew& own_crew() { return serving.task->crew(); }

// Of this thread's crew, and without an outcome.
bool is_of_own_crew(ResultCell& cell) {
  const LocalTask* task = CellAccess::local_task(cell);
  return task != nullptr && !CellAccess::is_released(cell) && &task->crew() == &own_crew();
}

// Those waits that have to learn of new sources.
struct Listening {
  std::mutex mutex;
  TaskWait* first = nullptr;
};
Listening listening;

}  // namespace

// Rings when the thread has to look again. Ownership: counted: the wait, and the cell that it is left with.
class TaskWait::Bell final : public detail::Callback {
 public:
  void ring() noexcept {
    rung_.fetch_add(1, std::memory_order_release);
    platform::futex_wake(rung_, 1, platform::FutexScope::this_process);
  }
  std::uint32_t rung() const noexcept { return rung_.load(std::memory_order_acquire); }
  void await_ring(std::uint32_t seen) const { platform::futex_wait(rung_, seen, platform::FutexScope::this_process); }

  bool note(ResultCell&) noexcept override {
    ring();
    drop();
    return true;
  }
  void run(ResultCell&) override {}  // never: note() says that that was all
  void drop() noexcept override { drop_references(1); }
  void drop_references(std::uint32_t count) noexcept {
    if (references_.fetch_sub(count, std::memory_order_acq_rel) == count) delete this;
  }
  bool is_waiter() const noexcept override { return true; }

 private:
  std::atomic<std::uint32_t> references_{2};
  platform::FutexWord rung_{0};
};

TaskWait::TaskWait(ResultCell& awaited, std::span<ResultCell* const> choice) noexcept
    : awaited_(awaited), choice_(choice), is_plain_(choice.empty() && CellAccess::derivation(awaited) == nullptr) {}

TaskWait::~TaskWait() {
  if (is_known()) own_crew().end_wait(*this);
  if (bell_ == nullptr) return;
  {
    const std::lock_guard lock(listening.mutex);
    TaskWait** place = &listening.first;
    while (*place != this) place = &(*place)->next_;
    *place = next_;
  }
  const bool is_back = CellAccess::remove_callback(awaited_, bell_);  // with its reference
  bell_->drop_references(is_back ? 2 : 1);
}

bool TaskWait::is_over() const noexcept { return CellAccess::is_released(awaited_); }

void TaskWait::look_again() noexcept {
  if (bell_ != nullptr) bell_->ring();
}

void TaskWait::note_new_source() noexcept {
  const std::lock_guard lock(listening.mutex);
  for (TaskWait* each = listening.first; each != nullptr; each = each->next_) each->look_again();
}

// Who puts a source in its place finds the cell wanted, and then this wait; or this finds the source when it looks once more.
void TaskWait::begin_to_listen() {
  auto* bell = new Bell;
  {
    const std::lock_guard lock(listening.mutex);
    bell_ = bell;
    next_ = listening.first;
    listening.first = this;
  }
  if (!CellAccess::push_callback(awaited_, bell)) {  // it is there, or about to be
    CellAccess::Protocol::await(CellAccess::status(awaited_), CellStatus::kReleased, Clock::time_point::max());
    bell->drop();
  }
  CellAccess::want(awaited_);
  for (ResultCell* each : choice_) CellAccess::want(*each);
}

void TaskWait::wait() {
  while (!is_over()) {
    const std::uint32_t seen = heard();
    run_needed();
    if (is_over()) return;
    check_can_come();
    if (!is_plain_ && bell_ == nullptr) {
      begin_to_listen();
      continue;
    }
    has_tasks_ = has_tasks_ || (is_to_choose() && go_through_choice(false));
    if (is_known() != has_tasks_) has_tasks_ ? own_crew().begin_wait(*this) : own_crew().end_wait(*this);
    if (!run_one_of_choice()) sleep(seen);
  }
}

std::uint32_t TaskWait::heard() const noexcept { return bell_ != nullptr ? bell_->rung() : 0; }

void TaskWait::sleep(std::uint32_t seen) {
  if (is_plain_) {
    CellAccess::Protocol::await(CellAccess::status(awaited_), CellStatus::kReleased, Clock::time_point::max());
  } else {
    bell_->await_ring(seen);
  }
}

// All of it has to come, so it may as well be done here; in its order.
void TaskWait::run_needed() {
  has_tasks_ = false;
  meets_choice_ = false;
  if (!choice_.empty()) return;
  std::unordered_set<const ResultCell*> seen;  // of those that are made of others
  go_up(awaited_, [&](ResultCell& each) -> detail::Derivation* {
    if (is_over() || CellAccess::is_released(each)) return nullptr;
    if (is_of_own_crew(each)) {
      const bool has_run = own_crew().run_here(*CellAccess::local_task(each), *this, RunHere::now);
      has_tasks_ = has_tasks_ || !has_run;
    }
    detail::Derivation* made = CellAccess::derivation(each);
    if (made == nullptr || !seen.insert(&each).second) return nullptr;
    meets_choice_ = meets_choice_ || !made->needs_all_sources();
    return made->needs_all_sources() ? made : nullptr;
  });
}

void TaskWait::check_can_come() const {
  if (choice_.empty()) {
    CellAccess::check_not_own(awaited_, Clock::time_point::max());
  } else {
    CellAccess::check_not_all_own(choice_, Clock::time_point::max());
  }
}

bool TaskWait::run_one_of_choice() { return has_tasks_ && is_to_choose() && go_through_choice(true); }

// Whether there is a task of the same pool; or `is_to_run`: whether one has been run.
bool TaskWait::go_through_choice(bool is_to_run) {
  bool is_found = false;
  std::unordered_set<const ResultCell*> seen;
  const auto look_at = [&](ResultCell& each) -> detail::Derivation* {
    if (is_found || CellAccess::is_released(each)) return nullptr;
    if (is_of_own_crew(each))
      is_found = !is_to_run || own_crew().run_here(*CellAccess::local_task(each), *this, RunHere::if_no_thread_could);
    detail::Derivation* made = CellAccess::derivation(each);
    return made != nullptr && seen.insert(&each).second ? made : nullptr;
  };
  if (choice_.empty()) go_up(awaited_, look_at);
  for (ResultCell* each : choice_) go_up(*each, look_at);
  return is_found;
}

}  // namespace troupe::client
