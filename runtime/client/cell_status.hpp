// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/link.hpp>
#include <troupe/detail/result_cell.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "channel/geometry.hpp"
#include "client/callback_list.hpp"
#include "client/cell_protocol.hpp"

namespace troupe::client {
class CallbackThread;
class MovedCall;
class Session;
}  // namespace troupe::client

namespace troupe::detail {

// A reply that was copied out of the ring, to be decoded by the first thread that looks at the result: decoding may run
// code of the user's, which must not happen while reading a channel.
struct Arrival {
  ~Arrival();

  std::vector<std::byte> bytes;
  bool is_exception = false;
  bool is_from_constructor = false;
  client::CallChannel* channel = nullptr;  // a reference: whose actor replied; or, for a spawn:
  std::uint64_t lease = 0;                 // on the proxies among the values; ends with this, decoded or not
  std::shared_ptr<client::Session> session;
  std::string actor;
  LinkHandle keep;  // keeps the new actor until its proxy is decoded
};

}  // namespace troupe::detail

namespace troupe::client {

struct DropCallback {
  void operator()(detail::Callback* callback) const noexcept { callback->drop(); }
};

// The client room's way into cells.
class CellAccess {
 public:
  using Cell = detail::ResultCell;
  using Protocol = CellProtocol<>;
  using Callbacks = CallbackList<detail::Callback>;

  static std::atomic<std::uint32_t>& status(Cell& cell) { return cell.status_; }
  static bool is_released(const Cell& cell) { return Protocol::has(cell.status_, CellStatus::kReleased); }
  static CallChannel* channel(const Cell& cell) { return cell.channel_; }
  static const detail::RegistrationNode* method(const Cell& cell) { return cell.method_; }
  static std::int64_t deadline_ns(const Cell& cell) { return cell.deadline_ns_; }
  // Of one that is released: that it is a value is known without decoding it.
  static bool is_surely_value(const Cell& cell) {
    return Protocol::has(cell.status_, CellStatus::kDecoded) && cell.error_ == nullptr;
  }
  // Of one that is released: no reply is left to decode.
  static bool is_decoded(const Cell& cell) { return (cell.status_.load(std::memory_order_acquire) & CellStatus::kDecoded) != 0; }
  static bool is_plain(const Cell& cell) { return cell.type_->is_plain; }

  static void decode(Cell& cell, std::span<const std::byte> bytes) { cell.type_->decode(cell, bytes); }
  // Inside a catch block, when decode() has thrown.
  static void store_decoding_error(Cell& cell);
  static void set_arrival(Cell& cell, detail::Arrival* arrival) { cell.arrival_ = arrival; }
  static void set_error(Cell& cell, std::exception_ptr error) { cell.error_ = std::move(error); }
  static void bind(Cell& cell, CallChannel* channel, const detail::RegistrationNode* method, std::int64_t deadline_ns) {
    cell.channel_ = channel;
    cell.method_ = method;
    cell.deadline_ns_ = deadline_ns;
  }
  static void set_ticket(Cell& cell, channel::Ticket ticket) {
    cell.slot_ = ticket.slot;
    cell.generation_ = ticket.generation;
    cell.is_sent_ = true;
  }
  static bool is_sent(const Cell& cell) { return cell.is_sent_; }
  static void clear_ticket(Cell& cell) { cell.is_sent_ = false; }
  static bool is_withdrawn(const Cell& cell) { return cell.is_withdrawn_; }
  static void set_withdrawn(Cell& cell) { cell.is_withdrawn_ = true; }
  static bool is_forced(const Cell& cell) { return Protocol::has(cell.status_, CellStatus::kForced); }
  // Its caller does not want it any more, though it runs: it is not tried again.
  static bool is_unwanted(const Cell& cell) { return Protocol::has(cell.status_, CellStatus::kForced | CellStatus::kUnwanted); }
  static void set_unwanted(Cell& cell, bool by_force) {
    cell.status_.fetch_or(by_force ? CellStatus::kForced : CellStatus::kUnwanted, std::memory_order_acq_rel);
  }
  static bool is_cancelled(const Cell& cell) { return cell.is_cancelled_; }
  static void set_cancelled(Cell& cell) { cell.is_cancelled_ = true; }
  static void set_sent_at(Cell& cell, std::chrono::steady_clock::time_point when) { cell.sent_at_ = when; }
  // Of one that has a deadline: when that began to run.
  static std::chrono::steady_clock::time_point sent_at(const Cell& cell) { return cell.sent_at_; }
  static bool is_of_one_life(const Cell& cell) { return cell.is_of_one_life_; }
  static bool is_movable(const Cell& cell) { return cell.is_movable_; }
  // That a pool routes it by; null: none.
  static std::optional<std::uint64_t> key(const Cell& cell) {
    if (cell.type_->key == nullptr) return std::nullopt;
    return cell.type_->key(cell);
  }
  // The outcome of `from`, which nobody looks at, becomes that of `to`, which has been claimed. True: it is decoded.
  static bool pass_on(Cell& from, Cell& to) noexcept {
    to.arrival_ = std::exchange(from.arrival_, nullptr);
    to.error_ = from.error_;
    return to.arrival_ == nullptr;
  }
  static bool is_found(const Cell& cell) { return cell.is_found_; }
  static void set_found(Cell& cell, bool is_found) { cell.is_found_ = is_found; }
  static channel::Ticket ticket(const Cell& cell) { return {cell.slot_, cell.generation_}; }
  // Of one that has no ticket: where it waits in its channel's queue. It leaves before a reply can come, which takes the same
  // room.
  static bool is_queued(const Cell& cell) { return cell.is_queued_; }
  static void* queue_place(const Cell& cell) { return cell.queue_place_; }
  static void enter_queue(Cell& cell, void* place) {
    cell.queue_place_ = place;
    cell.is_queued_ = true;
  }
  static void leave_queue(Cell& cell) {
    if (!cell.is_queued_) return;
    cell.is_queued_ = false;
    cell.arrival_ = nullptr;
  }

  // Of one that has left its channel for another actor: what takes it there. That ends before the outcome comes, for which it
  // takes the room.
  static MovedCall* moved_or_null(const Cell& cell) {
    return cell.is_moved_ ? static_cast<MovedCall*>(cell.queue_place_) : nullptr;
  }
  static void set_moved(Cell& cell, MovedCall* by) {
    cell.queue_place_ = by;
    cell.is_moved_ = true;
  }
  static void end_move(Cell& cell) {
    if (!cell.is_moved_) return;
    cell.is_moved_ = false;
    cell.arrival_ = nullptr;
  }

  static detail::Derivation* derivation(Cell& cell) { return cell.derivation(); }
  static detail::LocalTask* local_task(Cell& cell) { return cell.local_task(); }

  static bool is_claimed(const Cell& cell) { return Protocol::has(cell.status_, CellStatus::kClaimed); }
  // The value has been decoded without a claim: publishes it, unless somebody else was first.
  static void complete_with_value(Cell& cell);
  // After claim() and storing the outcome. `decoded`: no arrival is left. Where there are callbacks, they run first: in
  // `callbacks`, or the thread of the cell's channel; here for a cell that has neither.
  static void publish(Cell& cell, bool decoded, CallbackThread* callbacks = nullptr);
  // Whether this thread may look at the outcome: it is released, or this thread is running its callbacks.
  static bool is_visible(const Cell& cell);
  // Whether this thread need not wait any more: a callback does not wait for callbacks that are queued behind it, but runs
  // them itself (catch_up).
  static bool is_over(const Cell& cell);
  static void catch_up(Cell& cell);
  // Decodes the arrival if there is one left; then the value or the error is in place.
  static void materialize(Cell& cell);

  // False when the outcome is there, so that the caller has to run it.
  static bool push_callback(Cell& cell, detail::Callback* callback);
  static bool remove_callback(Cell& cell, detail::Callback* callback) noexcept;
  // The outcome is there, and everybody may look at it: tells the callback, here and now.
  static void tell_late(Cell& cell, detail::Callback* callback);

  // A callback waits for this cell, or a task, which a callback may be waiting for: so all that it is made of is wanted
  // (CallbackThread::await_in_callback).
  [[gnu::cold]] static void want(Cell& cell);
  static bool is_wanted(const Cell& cell) { return Protocol::has(cell.status_, CellStatus::kWanted); }
  // The value that futex_wait must find to sleep; 0: do not sleep, look again.
  static std::uint32_t announce_sleep(Cell& cell);
  // Until the cell's word changes: for an outcome that another thread is about to store, or to release.
  static void sleep_on(Cell& cell, std::chrono::steady_clock::time_point deadline);

  // This thread is about to wait for the cell, which no channel completes. Errors: WouldDeadlock when it is made of a call that
  // this very thread keeps from running, or of a task that it runs.
  [[gnu::cold]] static void check_not_own(Cell& cell, std::chrono::steady_clock::time_point deadline);
  // The same, where one of them is enough.
  [[gnu::cold]] static void check_not_all_own(std::span<Cell* const> cells, std::chrono::steady_clock::time_point deadline);
  // Runs what this thread has put off (Cascade).
  [[gnu::cold]] static void catch_up_with_cascade();

 private:
  class Cascade;

  [[gnu::cold]] static void check_not_own(Cell& cell, std::chrono::steady_clock::time_point deadline, int depth);
  [[gnu::cold]] static void check_not_all_own(std::span<Cell* const> cells, std::chrono::steady_clock::time_point deadline,
                                              int depth);
  [[gnu::cold]] static void decode_arrival(Cell& cell, const detail::Arrival& arrival);
  static void tell(Cell& cell, std::uint32_t seen, CallbackThread* callbacks);
  static void tell_waiters(Cell& cell, detail::Callback* waiters, CallbackThread* callbacks);
  static bool is_of_worker(Cell& cell);
  static void run_callbacks(Cell& cell);
  static std::uint32_t end_of_wait() noexcept;
  template <class Told>
  static void post(Cell& cell, CallbackThread& callbacks, Told told);
};

}  // namespace troupe::client
