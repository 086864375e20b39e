// SPDX-License-Identifier: BSL-1.0
// Who is told of a cell's outcome, and where. In which order: callback_list.hpp.
#include <troupe/detail/derivation.hpp>
#include <troupe/detail/local_task.hpp>
#include <troupe/detail/result_cell.hpp>
#include <troupe/error.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <list>
#include <memory>
#include <new>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/serving.hpp"
#include "client/call_channel.hpp"
#include "client/callback_thread.hpp"
#include "client/cell_status.hpp"
#include "client/cell_walk.hpp"
#include "client/session.hpp"

namespace troupe::client {

namespace {

using detail::Callback;
using detail::ResultCell;
using Clock = std::chrono::steady_clock;

// The cell whose callbacks this thread is running; for them the outcome is there already.
thread_local const ResultCell* cell_in_callbacks = nullptr;

void run_all(ResultCell& cell, Callback* list) {
  while (list != nullptr) {
    const std::unique_ptr<Callback, DropCallback> each(std::exchange(list, list->next));
    run_reporting("callback of a result", [&] { each->run(cell); });
  }
}

}  // namespace

// A result that is made of others is completed where they are told of theirs, and is told of when they are: a long chain of
// them would nest, and is put off instead until the outermost of its thread has been told of.
class CellAccess::Cascade {
 public:
  Cascade() : is_outermost_(of_this_thread_ == nullptr) {
    if (is_outermost_) of_this_thread_ = this;
  }
  ~Cascade() {
    if (!is_outermost_) return;
    run_put_off();
    of_this_thread_ = nullptr;
  }
  Cascade(const Cascade&) = delete;
  Cascade& operator=(const Cascade&) = delete;

  // `left`: what is still to be run of the cell's waiters; null: all its callbacks are. False: it has to be run here and now.
  static bool put_off(Cell& cell, Callback* left) {
    if (of_this_thread_ == nullptr || cell.type_->derivation == nullptr) return false;
    of_this_thread_->put_off_.push_back({&cell, left});
    cell.add_reference();
    return true;
  }
  static void run_put_off() {
    while (of_this_thread_ != nullptr && !of_this_thread_->put_off_.empty()) {
      const PutOff next = of_this_thread_->put_off_.front();
      of_this_thread_->put_off_.pop_front();
      if (next.left != nullptr) {
        run_all(*next.cell, next.left);
      } else {
        run_callbacks(*next.cell);
      }
      next.cell->drop_reference();
    }
  }

 private:
  struct PutOff {
    Cell* cell;
    Callback* left;
  };
  static thread_local Cascade* of_this_thread_;

  const bool is_outermost_;
  std::list<PutOff> put_off_;
};

thread_local CellAccess::Cascade* CellAccess::Cascade::of_this_thread_ = nullptr;

void CellAccess::catch_up_with_cascade() { Cascade::run_put_off(); }

bool CellAccess::is_visible(const Cell& cell) {
  const std::uint32_t status = cell.status_.load(std::memory_order_acquire);
  if ((status & CellStatus::kReleased) != 0) return true;
  return (status & CellStatus::kStored) != 0 && cell_in_callbacks == &cell;
}

bool CellAccess::push_callback(Cell& cell, Callback* callback) {
  return Callbacks::push(cell.status_, cell.callbacks_, callback);
}

bool CellAccess::remove_callback(Cell& cell, Callback* callback) noexcept { return Callbacks::remove(cell.callbacks_, callback); }

void CellAccess::tell_late(Cell& cell, Callback* callback) {
  callback->next = nullptr;
  if (callback->is_waiter() && callback->note(cell)) return;
  const Cascade cascade;
  run_all(cell, callback);
}

namespace {

// In their order.
struct Waiters {
  Callback* first = nullptr;
  Callback** end = &first;

  void push_back(Callback& each) {
    each.next = nullptr;
    *end = &each;
    end = &each.next;
  }
};

}  // namespace

// Of one that is being completed here: by a task of this thread, or from those that it has completed; and by no reader.
bool CellAccess::is_of_worker(Cell& cell) {
  return serving.task != nullptr && (cell.local_task() != nullptr || cell.derivation() != nullptr);
}

// `seen`: the bits that the cell had when its outcome was stored; no callback is accepted since.
void CellAccess::tell(Cell& cell, std::uint32_t seen, CallbackThread* callbacks) {
  if ((seen & (CellStatus::kCallbacks | CellStatus::kWaiters)) == 0) return Protocol::release(cell.status_);
  if (callbacks == nullptr)
    callbacks = cell.channel_ != nullptr ? &cell.channel_->session().callbacks() : CallbackThread::stand_in();
  if ((seen & CellStatus::kCallbacks) == 0) {
    Callbacks::release_and_tell(cell.status_, cell.callbacks_,
                                [&](Callback* waiters) { tell_waiters(cell, waiters, callbacks); });
  } else if (callbacks == nullptr) {
    if (Cascade::put_off(cell, nullptr)) return;
    const Cascade cascade;
    run_callbacks(cell);
  } else {
    // A callback may be waiting for this very outcome.
    if ((seen & CellStatus::kSleeper) != 0) CellAtomics::wake_all(cell.status_);
    post(cell, *callbacks, [&cell] { run_callbacks(cell); });
  }
}

template <class Told>
void CellAccess::post(Cell& cell, CallbackThread& callbacks, Told told) {
  cell.add_reference();
  const auto job = [&cell, told] {
    const Cascade cascade;
    told();
    cell.drop_reference();
  };
  try {
    callbacks.post(job, &cell);
  } catch (const std::bad_alloc&) {
    if (!is_of_worker(cell)) throw;
    job();  // rather late in this thread than never in the right one
  }
}

// By the thread that it was posted to, or one that waits in another callback: whoever is first.
void CellAccess::run_callbacks(Cell& cell) {
  const auto run = [&cell](Callback* callbacks) {
    const ResultCell* outer = std::exchange(cell_in_callbacks, &cell);
    run_all(cell, callbacks);
    cell_in_callbacks = outer;
  };
  Callbacks::run_and_release(cell.status_, cell.callbacks_, run,
                             [&cell](Callback* waiters) { tell_waiters(cell, waiters, nullptr); });
}

// What has to be run is run in `callbacks`; without them, here. Where a worker of a pool of threads has completed the cell, it
// makes what is made of that, since it runs code of the user's anyway: a task that waits for that waits for workers alone.
void CellAccess::tell_waiters(Cell& cell, Callback* waiters, CallbackThread* callbacks) {
  Waiters left;
  Waiters left_to_callbacks;
  const bool is_in_worker = is_of_worker(cell);
  while (waiters != nullptr) {
    Callback* each = std::exchange(waiters, waiters->next);
    if (each->note(cell)) continue;
    const bool is_run_here = callbacks == nullptr || (is_in_worker && each->only_moves_values());
    (is_run_here ? left : left_to_callbacks).push_back(*each);
  }
  if (Callback* list = left_to_callbacks.first) post(cell, *callbacks, [&cell, list] { run_all(cell, list); });
  if (left.first == nullptr || Cascade::put_off(cell, left.first)) return;
  const Cascade cascade;
  run_all(cell, left.first);
}

// A job that has been queued for long may be wanted now, and the thread whose queue that is asleep in a callback.
void CellAccess::want(Cell& cell) {
  bool is_one_new = false;
  go_up(cell, [&](Cell& each) -> detail::Derivation* {
    const bool is_new = (each.status_.fetch_or(CellStatus::kWanted, std::memory_order_seq_cst) & CellStatus::kWanted) == 0;
    is_one_new = is_one_new || is_new;
    return is_new ? each.derivation() : nullptr;
  });
  if (is_one_new) CallbackThread::signal();
}

namespace {

// A task of this thread, which goes on only when the wait is over.
void check_not_running(const detail::LocalTask& task, Clock::time_point deadline) {
  if (deadline <= Clock::now()) return;
  for (const detail::LocalTask* each = serving.task; each != nullptr; each = each->outer()) {
    if (each == &task)
      throw WouldDeadlock("the result of a pool's task: the task itself waits for it, or what it waits for does; return first");
  }
}

}  // namespace

void CellAccess::check_not_own(Cell& cell, Clock::time_point deadline) { check_not_own(cell, deadline, 0); }

void CellAccess::check_not_own(Cell& cell, Clock::time_point deadline, int depth) {
  std::unordered_set<const Cell*> seen;  // of those that are made of others: a result may be a source many times over
  go_up(cell, [&](Cell& each) -> detail::Derivation* {
    if (is_over(each)) return nullptr;
    if (each.channel_ != nullptr) each.channel_->check_not_own(each, deadline);
    if (const detail::LocalTask* task = each.local_task()) check_not_running(*task, deadline);
    detail::Derivation* made = each.derivation();
    if (made == nullptr || !seen.insert(&each).second) return nullptr;
    if (made->needs_all_sources()) return made;
    ReferencedCells sources;
    made->collect(sources.cells);
    check_not_all_own(sources.cells, deadline, depth + 1);
    return nullptr;
  });
}

void CellAccess::check_not_all_own(std::span<Cell* const> cells, Clock::time_point deadline) {
  check_not_all_own(cells, deadline, 0);
}

// Of what is nested deeper than anybody writes it, nothing is said.
void CellAccess::check_not_all_own(std::span<Cell* const> cells, Clock::time_point deadline, int depth) {
  constexpr int kDeepest = 32;
  if (depth == kDeepest) return;
  std::exception_ptr first;
  for (Cell* each : cells) {
    try {
      return check_not_own(*each, deadline, depth);
    } catch (const WouldDeadlock&) {
      if (first == nullptr) first = std::current_exception();
    }
  }
  if (first != nullptr) std::rethrow_exception(first);
}

}  // namespace troupe::client
