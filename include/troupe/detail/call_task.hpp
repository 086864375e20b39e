// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/derivation.hpp>
#include <troupe/detail/growing_buffer.hpp>
#include <troupe/detail/registry.hpp>
#include <troupe/detail/result_cell.hpp>
#include <troupe/detail/task.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

namespace troupe::pool {
class ProcessCrew;
template <class T>
class TaskList;
}  // namespace troupe::pool

namespace troupe::detail {

class CallCrew;

// A task that is a call to a worker's process: made when a worker has room for it, and again elsewhere when that worker did not
// come to it. It is the waiter of its call: where the reply is read it tells the crew, and completes what it is the outcome of,
// if that runs no code of the user's.
class CallTask : public Callback, public Task {
 public:
  // The arguments, encoded; or room for them.
  CallTask(const RegistrationNode& node, std::unique_ptr<GrowingBuffer> arguments);
  CallTask(const RegistrationNode& node, std::size_t argument_bytes);
  ~CallTask() override;

  std::byte* arguments() noexcept { return large_ != nullptr ? large_.get() : inline_; }

  // It has not been begun with after all, and can be cancelled again.
  virtual void wait_again() noexcept = 0;
  // A new cell for a call of it, with a handle, and a reference for the call.
  virtual ResultCell& new_call() = 0;
  // That has been sent: its handle is the task's.
  virtual void set_call(ResultCell& call) noexcept = 0;
  // The latest of those has its outcome, which is its own.
  virtual void finish(ResultCell& call) = 0;

 private:
  friend class pool::ProcessCrew;
  template <class T>
  friend class pool::TaskList;

  bool note(ResultCell& call) noexcept final;
  void run(ResultCell& call) final;
  void drop() noexcept final { drop_reference(); }
  bool is_waiter() const noexcept final { return true; }

  const RegistrationNode& node_;
  std::size_t argument_bytes_ = 0;
  std::byte inline_[48];
  std::unique_ptr<std::byte[]> large_;
  std::unique_ptr<GrowingBuffer> carrying_;  // where there are proxies among the arguments
  CallCrew* crew_ = nullptr;                 // while it is one's; that lives as long
  std::atomic<ResultCell*> call_{nullptr};   // the latest that has been sent
  std::uint32_t worker_ = 0;
  std::uint64_t life_ = 0;    // of that worker
  std::uint64_t age_ = 0;     // the older, the less
  bool is_recalled_ = false;  // its worker has too many
};

// Whether an outcome can only be understood beside the call that it came from.
template <class R>
inline constexpr bool keeps_call = false;

// The outcome of such a task, as its caller gets it.
template <class R>
class TaskCell final : public DerivedCell<R>, public Derivation, public CallTask {
 public:
  template <class Arguments>
  TaskCell(const RegistrationNode& node, Arguments arguments, std::size_t item_count)
      : DerivedCell<R>(kType),
        Derivation(static_cast<ResultCell&>(*this)),
        CallTask(node, std::move(arguments)),
        item_count_(item_count) {}

  bool begin() noexcept override { return this->start(); }
  void wait_again() noexcept override { this->take_back_start(); }
  ResultCell& new_call() override {
    if constexpr (kHasFirstCall) {
      if (!std::exchange(has_made_call_, true)) return *new (static_cast<void*>(first_call_)) FirstCall(*this);
    }
    if (latest_.load(std::memory_order_relaxed) != nullptr) former_calls_.reserve(former_calls_.size() + 1);
    return *new TypedCell<R>(1);
  }
  void set_call(ResultCell& call) noexcept override {
    if (ResultCell* former = latest_.exchange(&call, std::memory_order_seq_cst)) former_calls_.push_back(former);
    pass_on_wish(call);
  }
  void finish(ResultCell& call) override {
    if constexpr (kKeepsCall) {
      last_call_ = &call;
      call.add_reference();
    }
    if (std::exception_ptr error = call.error()) return fail(std::move(error));
    if (this->claim()) publish(call);
    unpin();
  }
  void fail(std::exception_ptr error) override {
    failed_at_ns_.store(std::chrono::steady_clock::now().time_since_epoch().count(), std::memory_order_relaxed);
    this->complete_with_error(std::move(error));
    unpin();
  }
  void add_reference() noexcept override { ResultCell::add_reference(); }
  void drop_reference() noexcept override { ResultCell::drop_reference(); }
  std::size_t item_count() const noexcept override { return item_count_; }
  // Of a value that keeps it: the call that it came from.
  ResultCell& call() noexcept { return *last_call_; }
  std::int64_t failed_at_ns() const noexcept { return failed_at_ns_.load(std::memory_order_relaxed); }  // steady clock

 private:
  friend class DerivedCell<R>;
  static constexpr CellType kType = DerivedCell<R>::template type_of<TaskCell>();
  static constexpr bool kKeepsCall = keeps_call<R>;
  static constexpr bool kHasFirstCall = !kKeepsCall && (std::is_void_v<R> || is_plain<Stored<R>>);

  // Most tasks have one call only: so that is a part of the task, and keeps it. Not so if the task keeps the call; nor if values
  // are more than plain bytes: who drops the last reference may be the reader of a channel, and destroys nothing of the user's.
  class FirstCall final : public TypedCell<R> {
   public:
    explicit FirstCall(TaskCell& task) : TypedCell<R>(kType, 1), task_(task) { task_.add_reference(); }

   private:
    static void decode_value(ResultCell& cell, std::span<const std::byte> bytes) { TypedCell<R>::kType.decode(cell, bytes); }
    static void destroy_cell(ResultCell* cell) noexcept {
      auto& self = *static_cast<FirstCall*>(cell);
      TaskCell& task = self.task_;
      self.~FirstCall();
      task.drop_reference();
    }
    static constexpr CellType kType{&decode_value, &destroy_cell, true};
    ~FirstCall() = default;

    TaskCell& task_;
  };
  struct NoCall {};

  ~TaskCell() override {
    if (last_call_ != nullptr) last_call_->drop_reference();
  }

  void publish(ResultCell& call) {
    try {
      if constexpr (std::is_void_v<R>) {
        this->make_value();
      } else {
        this->make_value(std::move(static_cast<TypedCell<R>&>(call).value()));
      }
    } catch (...) {
      return this->publish_error(std::current_exception());
    }
    this->publish_value();
  }
  ResultCell* source(std::size_t index) noexcept override {
    return index == 0 ? latest_.load(std::memory_order_seq_cst) : nullptr;
  }
  void drop_sources() noexcept override {
    for (ResultCell* each : std::exchange(former_calls_, {})) each->drop_handle();
    if (ResultCell* latest = latest_.exchange(nullptr)) latest->drop_handle();
  }

  const std::size_t item_count_;
  ResultCell* last_call_ = nullptr;  // a reference
  std::atomic<std::int64_t> failed_at_ns_{0};
  std::vector<ResultCell*> former_calls_;  // handles, as the next
  std::atomic<ResultCell*> latest_{nullptr};
  bool has_made_call_ = false;
  using FirstPlace = std::conditional_t<kHasFirstCall, FirstCall, NoCall>;
  alignas(FirstPlace) std::byte first_call_[sizeof(FirstPlace)];
};

}  // namespace troupe::detail
