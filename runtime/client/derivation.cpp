// SPDX-License-Identifier: BSL-1.0
#include <troupe/detail/call_task.hpp>
#include <troupe/detail/derivation.hpp>
#include <troupe/error.hpp>

#include <exception>
#include <stdexcept>
#include <thread>

#include "client/cell_status.hpp"
#include "client/task_wait.hpp"
#include "platform/fork_mark.hpp"

namespace troupe::detail {

using client::CellAccess;
using client::CellStatus;

bool Derivation::pin() noexcept {
  std::uint32_t count = pins_.load(std::memory_order_relaxed);
  do {
    if (count == 0) return false;
  } while (!pins_.compare_exchange_weak(count, count + 1, std::memory_order_acq_rel));
  return true;
}

void Derivation::unpin(std::uint32_t count) noexcept {
  if (pins_.fetch_sub(count, std::memory_order_acq_rel) != count) return;
  drop_sources();
  own_.drop_reference();
}

bool Derivation::unpin_unless_last() noexcept {
  std::uint32_t count = pins_.load(std::memory_order_relaxed);
  do {
    if (count == 1) return false;
  } while (!pins_.compare_exchange_weak(count, count - 1, std::memory_order_acq_rel));
  return true;
}

class Derivation::Pinned {
 public:
  explicit Pinned(Derivation& made) noexcept : made_(made.pin() ? &made : nullptr) {}
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;
  ~Pinned() {
    if (made_ != nullptr) made_->unpin();
  }
  explicit operator bool() const noexcept { return made_ != nullptr; }

 private:
  Derivation* const made_;
};

namespace {

bool is_begun(ResultCell& own) {
  return CellAccess::Protocol::has(CellAccess::status(own), CellStatus::kStarted) && !own.is_ready();
}

// A pool's task has a worker that nobody else may kill, and its user no proxy of it.
bool cancel_source(Derivation& made, ResultCell& source, std::optional<Timeout> force) {
  if (!force || dynamic_cast<CallTask*>(&made) == nullptr) return source.cancel(force);
  throw std::logic_error(
      "a task of a pool cannot be cancelled by force once a worker has it; cancel() it, and have its function look at "
      "this_call().stop_token(), or terminate() the pool");
}

}  // namespace

bool Derivation::cancel(std::optional<Timeout> force) {
  const Pinned pinned(*this);
  if (!pinned) return own_.await(Timeout()) && own_.is_cancelled();
  // A pool's task that is on its way to a worker can be cancelled in a moment, when it is there. Whoever sends it waits for
  // nobody; in a forked child nobody does.
  if (dynamic_cast<CallTask*>(this) != nullptr) {
    while (is_begun(own_) && source(0) == nullptr && !platform::is_forked_child()) std::this_thread::yield();
  }
  is_cancelling_.store(true, std::memory_order_seq_cst);
  bool is_one_cancelled = false;
  bool is_one_left = false;
  for (std::size_t i = 0; ResultCell* each = source(i); ++i) {
    if (each->is_ready()) continue;
    (cancel_source(*this, *each, force) ? is_one_cancelled : is_one_left) = true;
  }
  if (!is_one_cancelled) is_cancelling_.store(false, std::memory_order_seq_cst);
  return is_one_cancelled ? end_cancelled() : !is_one_left && own_.cancel_by_hand();
}

// The sources' own ends may have told so already.
bool Derivation::end_cancelled() {
  own_.complete_with_error(cancellation());
  forget();
  return own_.await(Timeout()) && own_.is_cancelled();
}

std::exception_ptr Derivation::cancellation() {
  return std::make_exception_ptr(CancelledError("the result was cancelled, with what it is made of"));
}

bool Derivation::is_running() {
  const Pinned pinned(*this);
  if (!pinned) return false;
  bool is_one_running = false;
  bool is_one_left = false;
  for (std::size_t i = 0; !is_one_running; ++i) {
    ResultCell* each = source(i);
    if (each == nullptr) break;
    is_one_left = is_one_left || !each->is_ready();
    is_one_running = each->is_running();
  }
  return is_one_running || (!is_one_left && is_begun(own_));
}

void Derivation::collect(std::vector<ResultCell*>& sources) {
  const Pinned pinned(*this);
  for (std::size_t i = 0; ResultCell* each = pinned ? source(i) : nullptr; ++i) {
    sources.push_back(each);
    each->add_reference();
  }
}

// Of this, behind the update that has put the source in its place, and want(), which marks the cell and then looks at its
// sources, one sees the other: all four accesses are of one order.
void Derivation::pass_on_wish(ResultCell& source) {
  const bool is_wanted = (CellAccess::status(own_).load(std::memory_order_seq_cst) & CellStatus::kWanted) != 0;
  if (!is_wanted) return;
  CellAccess::want(source);
  client::TaskWait::note_new_source();
}

}  // namespace troupe::detail
