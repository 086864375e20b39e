// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/cell_counts.hpp>
#include <troupe/timeout.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

namespace troupe::client {
class CallChannel;
class CellAccess;
}  // namespace troupe::client

namespace troupe::detail {

class Derivation;
class LocalTask;
class ResultCell;
struct RegistrationNode;

// What is known of a cell's type where the type itself is not.
struct CellType {
  void (*decode)(ResultCell& cell, std::span<const std::byte> bytes);  // makes the value; throws what decoding throws
  void (*destroy)(ResultCell* cell) noexcept;
  bool is_plain;  // decoding runs no code of the user's, so whoever reads the reply may do it
  Derivation* (*derivation)(ResultCell& cell) noexcept = nullptr;   // of one that is made of other results
  LocalTask* (*local_task)(ResultCell& cell) noexcept = nullptr;    // of one that a thread of this process completes
  std::uint64_t (*key)(const ResultCell& cell) noexcept = nullptr;  // of one that a pool routes by a key: its hash
};

// A function that waits for a result; a link of a cell's list. Those of users run in the order of their registration, before
// the outcome is released to anybody else; waiters stand for somebody else, and learn of it with all the others.
class Callback {
 public:
  virtual ~Callback() = default;
  // To waiters, first: the cell is released. By whoever completes it, maybe as the reader of its channel: so this runs no code
  // of the user's, and destroys nothing of his. True: that was all, and it has dropped itself; false: run() has to follow.
  virtual bool note(ResultCell&) noexcept { return false; }
  // May do anything. What it throws is reported.
  virtual void run(ResultCell& cell) = 0;
  // It is not needed any more.
  virtual void drop() noexcept { delete this; }
  virtual bool is_waiter() const noexcept { return false; }
  // Of a waiter: run() moves and destroys values, and does nothing else; so a thread that runs tasks of the user's can do that.
  virtual bool only_moves_values() const noexcept { return false; }

  Callback* next = nullptr;
};

struct Arrival;  // a reply that has come and is decoded by whoever looks at it first (runtime/client)

// The shared state behind AsyncResult and Promise: one value or error, completed once. Where completions come from is left
// to the client room. Thread-safety: full. Ownership: counted; handles are counted beside, because the last handle may
// move the value out while a reader still holds the cell.
class ResultCell {
 public:
  ResultCell(const CellType& type, std::uint32_t extra_references) : type_(&type), counts_(Counts::kHandle + extra_references) {}
  ResultCell(const ResultCell&) = delete;
  ResultCell& operator=(const ResultCell&) = delete;

  void add_handle() noexcept { Counts::add(counts_, Counts::kHandle); }
  void drop_handle() noexcept { drop(Counts::kHandle); }
  void add_reference() noexcept { Counts::add(counts_, Counts::kReference); }
  void drop_reference() noexcept { drop(Counts::kReference); }
  bool is_last_handle() const noexcept { return Counts::is_last_handle(counts_); }

  // Blocks: until the outcome is there (true) or `timeout` has passed (false).
  bool await(Timeout timeout);
  // await, then decodes, then throws the error if the outcome is one. Errors: TimeoutError when `timeout` passes first.
  void await_value(Timeout timeout);
  // Whether the outcome is there; reads what has arrived, never blocks.
  bool is_ready();
  // After is_ready or await: the error, or null.
  std::exception_ptr error();

  // At once, here, when the outcome is there. Takes `callback`, until it is dropped.
  void add_callback(Callback* callback);
  // Takes it out again, and does not drop it. False: it has run, or somebody is about to run it.
  bool remove_callback(Callback* callback) noexcept;
  // For a callback that no order matters to. False: the outcome is stored, `callback` stays with the caller and will not be run;
  // nothing is waited for.
  bool try_add_callback(std::unique_ptr<Callback>& callback);
  // Whether the outcome is there; looks for it as long as it is likely to come at once (some microseconds), never sleeps.
  bool look_briefly();
  // Whether the outcome is there for callbacks, and error() can be asked, if not yet for waiters. Never blocks.
  bool has_outcome();
  // Whether a reply brings the outcome, so that looking for it can help.
  bool is_of_call() const noexcept { return channel_ != nullptr; }
  // A coroutine that its actor waits for (OneTurn) is about to wait, until `deadline`, for one of these, which have no outcomes.
  // Errors: WouldDeadlock when all are calls that this actor would have to run.
  static void check_one_can_come(std::span<ResultCell* const> cells, std::chrono::steady_clock::time_point deadline);
  // Before it is sent: it goes on with what an earlier call has begun, so it means nothing to a next life of the actor.
  void set_of_one_life() noexcept { is_of_one_life_ = true; }
  // Before it is sent: where its actor ends without having begun with it, the channel's heir may give it to another one.
  void set_movable() noexcept { is_movable_ = true; }

  // Before it has started: completes it with CancelledError (true, and so ever after), and it never runs. A call that runs is
  // asked to stop, and goes on (false); after `force`, where there is one, its actor's process is killed.
  bool cancel(std::optional<Timeout> force);
  // Of a call that has not started: it never does, and its outcome is a CancelledError (true); one that runs goes on.
  bool recall();
  // Whether the outcome is there and is a CancelledError. Never blocks.
  bool is_cancelled();
  // Whether it has started and has no outcome yet. Never blocks.
  bool is_running();

  // Completing it by hand (Promise): false when somebody else has completed it or is about to.
  bool complete_with_error(std::exception_ptr error);
  bool claim() noexcept;
  // From here on it cannot be cancelled. False: it has been completed.
  bool start() noexcept;
  // From here on it can.
  void take_back_start() noexcept;
  // After claim(): the outcome is the value that was made, or this error.
  void publish_value();
  void publish_error(std::exception_ptr error);

 protected:
  ~ResultCell();

 private:
  friend class client::CallChannel;
  friend class client::CellAccess;
  friend class Derivation;

  using Counts = CellCounts<>;

  Derivation* derivation() noexcept { return type_->derivation != nullptr ? type_->derivation(*this) : nullptr; }
  LocalTask* local_task() noexcept { return type_->local_task != nullptr ? type_->local_task(*this) : nullptr; }
  bool await_by_hand(std::chrono::steady_clock::time_point deadline);
  bool cancel_by_hand();

  void drop(std::uint64_t what) noexcept {
    if (Counts::drop(counts_, what)) type_->destroy(this);
  }

  const CellType* type_;
  Counts::Word counts_;
  std::atomic<std::uint32_t> status_{0};    // CellProtocol (runtime/client); the word that waiters sleep on
  std::uint32_t generation_ = 0;            // with slot_: the call's ticket
  client::CallChannel* channel_ = nullptr;  // a reference on it; null: completed by hand
  const RegistrationNode* method_ = nullptr;
  std::int64_t deadline_ns_ = INT64_MAX;             // steady clock
  std::chrono::steady_clock::time_point sent_at_{};  // of one that has a deadline
  std::atomic<Callback*> callbacks_{nullptr};        // CallbackList (runtime/client)
  union {
    Arrival* arrival_ = nullptr;  // owned; until decoded
    void* queue_place_;           // while is_queued_, and what takes it to another actor while is_moved_
  };
  std::exception_ptr error_;
  std::uint16_t slot_ = 0;
  bool is_sent_ = false;  // slot_ and generation_ hold
  bool is_of_one_life_ = false;
  bool is_movable_ = false;
  // Guarded by the channel's send lock:
  bool is_withdrawn_ : 1 = false;  // whoever did that completes it
  bool is_cancelled_ : 1 = false;  // likewise, since its caller does not want it any more
  bool is_found_ : 1 = false;      // a channel that is being judged has found its request
  bool is_queued_ : 1 = false;     // it waits in the channel's queue, and no reply can come
  bool is_moved_ : 1 = false;      // it has left its channel for another actor, and has no outcome yet
};

struct Nothing {};
template <class T>
using Stored = std::conditional_t<std::is_void_v<T>, Nothing, T>;

template <class T>
class TypedCell : public ResultCell {
 public:
  using Value = Stored<T>;

  explicit TypedCell(std::uint32_t extra_references) : ResultCell(kType, extra_references) {}
  // One into which nothing is decoded: so T need not cross between processes.
  static TypedCell* completed_by_hand(std::uint32_t extra_references = 0) { return new TypedCell(kTypeByHand, extra_references); }

  Value& value() { return *std::launder(reinterpret_cast<Value*>(storage_)); }

  template <class... Args>
  void make_value(Args&&... args) {
    ::new (static_cast<void*>(storage_)) Value(std::forward<Args>(args)...);
    has_value_ = true;
  }

  static const CellType kType;

 protected:
  TypedCell(const CellType& type, std::uint32_t extra_references) : ResultCell(type, extra_references) {}
  ~TypedCell() {
    if (has_value_) value().~Value();
  }

 private:
  static void decode_value(ResultCell& cell, std::span<const std::byte> bytes);
  static void destroy_cell(ResultCell* cell) noexcept { delete static_cast<TypedCell*>(cell); }
  static constexpr CellType kTypeByHand{nullptr, &destroy_cell, false};

  bool has_value_ = false;
  alignas(Value) unsigned char storage_[sizeof(Value)];
};

}  // namespace troupe::detail
