// SPDX-License-Identifier: BSL-1.0
// How the coroutine of a method runs that its actor waits for.
#pragma once

#include <troupe/asio/task.hpp>
#include <troupe/asio/wait_link.hpp>
#include <troupe/detail/actor_thread.hpp>
#include <troupe/detail/turn_wait.hpp>

#include <boost/asio/detail/scheduler.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace troupe::async::detail {

using Scheduler = boost::asio::detail::scheduler;

// How much a context has left to do (handlers to run, what is waited for, what keeps it from ending), as Asio 1.26 counts that,
// but tells nobody: naming a private member is allowed in an explicit instantiation. Thread-safety: full.
long work_of(const Scheduler& scheduler) noexcept;
template <auto Count>
struct WorkCount {
  friend long work_of(const Scheduler& scheduler) noexcept { return scheduler.*Count; }
};
template struct WorkCount<&Scheduler::outstanding_work_>;

// What the only coroutine of a context waits for, where nothing has happened there for a while. It looks whether anything but the
// outcome of a call can make something happen there: all work that the context has must be that coroutine itself, if it has not
// ended, and waits that are known here. Then the actor waits for those calls, and the manager is told.
class WaitOfAll final : public troupe::detail::TurnWait {
 public:
  // Between two handlers of the context, which runs the coroutine.
  template <class T>
  WaitOfAll(boost::asio::io_context& context, const Task<T>& coroutine)
      : context_(context),
        scheduler_(boost::asio::use_service<Scheduler>(static_cast<boost::asio::execution_context&>(context))),
        gate_(gate_of(context.get_executor())),
        work_of_coroutine_(coroutine.done() ? 0 : kWorkOfCoroutine) {
    try {
      if (!collect(TaskAccess::state(coroutine)->of_waits) || !goes_on()) return;
      for (const CellReference& each : calls_) cells_.push_back(&*each);
    } catch (const std::bad_alloc&) {
      return;  // nobody is told, and the wait goes on
    }
    tell(cells_);
  }
  ~WaitOfAll() override { end(); }

  bool goes_on() const override {
    std::size_t count = 0;
    gate_->for_each([&count](const Wait&, const ResultCell*, bool) { ++count; });
    return count == wait_count_ && work_of(scheduler_) == work_of_coroutine_ + static_cast<long>(count);
  }
  void fail(std::exception_ptr why) override {
    boost::asio::post(context_, [gate = gate_, call = calls_.front(), why = std::move(why)] { gate->fail(*call, why); });
  }

 private:
  // co_spawn's, on behalf of the coroutine, and of who is told of its end.
  static constexpr long kWorkOfCoroutine = 2;

  // False: somebody else may end one of the waits, or the coroutine waits for something else.
  bool collect(const boost::asio::cancellation_slot& of_coroutine) {
    bool is_one_its_own = work_of_coroutine_ == 0;
    bool is_one_unknown = false;
    gate_->for_each([&](const Wait& wait, ResultCell* cell, bool is_bell) {
      ++wait_count_;
      is_one_its_own = is_one_its_own || (of_coroutine.is_connected() && wait.is_cancelled_by(of_coroutine));
      if (cell != nullptr && cell->is_of_call()) {
        calls_.emplace_back(*cell);
      } else if (!is_bell) {
        is_one_unknown = true;
      }
    });
    return is_one_its_own && !is_one_unknown;
  }

  boost::asio::io_context& context_;
  const Scheduler& scheduler_;
  const std::shared_ptr<WaitGate> gate_;
  const long work_of_coroutine_;
  std::vector<CellReference> calls_;
  std::vector<ResultCell*> cells_;
  std::size_t wait_count_ = 0;
};

// Runs the context until it has nothing left to do. `coroutine`: the one that it is there for. Errors: what a handler throws.
template <class T>
void run_turn(boost::asio::io_context& context, const Task<T>& coroutine) {
  if (troupe::detail::OneTurn::context() == nullptr) {
    context.run();
    return;
  }
  for (context.poll(); !context.stopped(); context.poll()) {
    if (context.run_one_for(troupe::detail::TurnWait::kPatience) != 0 || context.stopped()) continue;
    const WaitOfAll wait(context, coroutine);
    context.run_one();
  }
}

}  // namespace troupe::async::detail
