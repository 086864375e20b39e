// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/actor_thread.hpp>

#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <memory>
#include <thread>
#include <type_traits>
#include <utility>

namespace troupe::async::detail {

// Where the timers and sockets of an actor's coroutines wait: in a thread of its own, which only hands what has come on to the
// actor's. What waits goes before the actor; timers and sockets themselves may be members of it.
class ActorContext final : public boost::asio::io_context, public troupe::detail::PartsContext {
 public:
  ActorContext() : io_context(1), work_(get_executor()), thread_([this] { run(); }) {}
  ~ActorContext() override { end_thread(); }

  void shut() noexcept override {
    end_thread();
    shutdown();
  }

 private:
  void end_thread() noexcept {
    stop();
    if (thread_.joinable()) thread_.join();
  }

  const boost::asio::executor_work_guard<executor_type> work_;
  std::thread thread_;
};

// A call of a reentrant actor that a coroutine runs for.
struct CoroutineCall : troupe::detail::OpenCall {
  explicit CoroutineCall(const troupe::detail::OpenCall& call) : OpenCall(call), context(thread.context<ActorContext>()) {}

  ActorContext& context;
};

// Runs what it is given in the actor's thread, for one call: between turns, and one at a time with all else of that actor. Where
// that thread runs a coroutine, or a part of one, what may run at once does. Thread-safety: full, of different copies.
class ActorExecutor {
 public:
  using Blocking = boost::asio::execution::blocking_t;

  explicit ActorExecutor(std::shared_ptr<const CoroutineCall> call) noexcept : call_(std::move(call)) {}

  const CoroutineCall& call() const { return *call_; }

  template <class F>
  void execute(F&& f) const {
    if (may_run_at_once_ && call_->thread.is_running_part()) return run(std::forward<F>(f));
    call_->thread.post(std::make_unique<Part<std::decay_t<F>>>(call_, std::forward<F>(f)));
  }

  boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept { return call_->context; }
  Blocking query(Blocking) const noexcept { return may_run_at_once_ ? Blocking(Blocking::possibly) : Blocking(Blocking::never); }
  ActorExecutor require(Blocking::possibly_t) const noexcept { return {call_, true}; }
  ActorExecutor require(Blocking::never_t) const noexcept { return {call_, false}; }

  friend bool operator==(const ActorExecutor&, const ActorExecutor&) noexcept = default;

 private:
  template <class F>
  class Part final : public troupe::detail::CallPart {
   public:
    template <class G>
    Part(std::shared_ptr<const CoroutineCall> call, G&& f) : CallPart(std::move(call)), f_(std::forward<G>(f)) {}
    void run(std::unique_ptr<CallPart> self) override {
      F f(std::move(f_));
      self.reset();  // f may want its memory again
      std::move(f)();
    }

   private:
    F f_;
  };

  ActorExecutor(std::shared_ptr<const CoroutineCall> call, bool may_run_at_once) noexcept
      : call_(std::move(call)), may_run_at_once_(may_run_at_once) {}

  // It may destroy this executor.
  template <class F>
  void run(F&& f) const {
    const std::shared_ptr<const CoroutineCall> call = call_;
    const troupe::detail::RunningFor running(*call);
    std::decay_t<F> own(std::forward<F>(f));
    std::move(own)();
  }

  std::shared_ptr<const CoroutineCall> call_;
  bool may_run_at_once_ = true;
};

}  // namespace troupe::async::detail
