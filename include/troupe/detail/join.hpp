// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/derivation.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>
#include <vector>

namespace troupe::detail {

class Join;

// Stands for a join at one of its sources.
class JoinWaiter final : public Callback {
 public:
  JoinWaiter(Join& join, ResultCell& source) noexcept : join_(&join), source_(&source) {}

  bool note(ResultCell& cell) noexcept override;
  void run(ResultCell& cell) override;
  void drop() noexcept override;
  bool is_waiter() const noexcept override { return true; }
  bool only_moves_values() const noexcept override { return true; }

 private:
  friend class Join;
  enum class State : std::uint8_t { waiting, counted, decisive };

  Join* join_;
  ResultCell* source_;
  State state_ = State::waiting;
};

// Waits for several results at once, and decides when their common result is there. It keeps one small waiter for each of them,
// and counts where their replies are read; what it is to make of them, it makes where callbacks run.
// Thread-safety: full, once begun. Ownership: see Derivation.
class Join : public Derivation {
 public:
  enum class Until : std::uint8_t {
    all,              // have an outcome
    first,            // has one
    first_error,      // or all have values; the error is the outcome
    first_exception,  // the same; but a CancelledError is none, and the outcome is a value even so
  };

  // Before it begins. When this returns, a handle of the source is its own.
  void add(ResultCell& source) { waiters_.emplace_back(*this, source); }
  void expect(std::size_t source_count) { waiters_.reserve(source_count); }
  bool needs_all_sources() const noexcept final { return until_ != Until::first; }
  // Starts to wait. Takes the first pin. Where it cannot wait, that is the outcome.
  void begin() noexcept;

 protected:
  Join(ResultCell& own, Until until) noexcept : Derivation(own), until_(until) {}
  ~Join() override { drop_sources(); }

  // Makes the value of the own cell; `decisive`: the index of the source that came last, or first.
  virtual void make(std::size_t decisive) = 0;
  // With a pin: the waiters that nobody has told yet are taken out again.
  void forget() noexcept final;
  // Whether make() runs nothing of the user's, and nobody but a thread that waits looks at the own cell.
  virtual bool is_made_at_once() const noexcept { return false; }

  ResultCell* source(std::size_t index) noexcept final { return index < waiters_.size() ? waiters_[index].source_ : nullptr; }
  std::size_t source_count() const noexcept { return waiters_.size(); }

 private:
  friend class JoinWaiter;

  void drop_sources() noexcept final;
  bool note(JoinWaiter& waiter, ResultCell& cell) noexcept;
  void run(JoinWaiter& waiter, ResultCell& cell);
  bool is_stopped_by(JoinWaiter& waiter, ResultCell& cell);
  bool count(JoinWaiter& waiter) noexcept;
  void finish(JoinWaiter& decisive);
  void make_outcome(std::size_t decisive);
  void fail(std::exception_ptr error);
  bool was_cancelled() noexcept;
  bool looks_at_errors() const noexcept { return until_ == Until::first_error || until_ == Until::first_exception; }
  bool is_there(const JoinWaiter& waiter) const;
  // Whether this is who decides.
  bool decide() noexcept { return !is_decided_.exchange(true, std::memory_order_seq_cst); }
  bool is_decided() const noexcept { return is_decided_.load(std::memory_order_seq_cst); }

  const Until until_;
  std::atomic<bool> is_decided_{false};
  std::atomic<std::size_t> left_{0};
  std::vector<JoinWaiter> waiters_;
};

// The cell of a join's result. Make() is called as make(sources, decisive) and gives the value; sources[i] is a ResultCell.
template <class T, class Make>
class JoinCell final : public DerivedCell<T>, public Join {
 public:
  using Outcome = T;

  explicit JoinCell(Until until) : DerivedCell<T>(kType), Join(static_cast<ResultCell&>(*this), until) {}

  std::size_t size() const noexcept { return source_count(); }
  ResultCell& operator[](std::size_t index) noexcept { return *source(index); }

 private:
  static constexpr CellType kType = DerivedCell<T>::template type_of<JoinCell>();

  void make(std::size_t decisive) override {
    if constexpr (std::is_void_v<T>) {
      if constexpr (requires { Make::check(*this); }) Make::check(*this);
      this->make_value();
    } else {
      this->make_value(Make()(*this, decisive));
    }
  }
};

// One that is being filled. Ownership: begin() hands it on; else it goes with this.
template <class Cell>
class NewJoin {
 public:
  explicit NewJoin(Join::Until until) : cell_(new Cell(until)) {}
  NewJoin(const NewJoin&) = delete;
  NewJoin& operator=(const NewJoin&) = delete;
  ~NewJoin() {
    if (cell_ == nullptr) return;
    cell_->drop_reference();  // the pins'
    cell_->drop_handle();
  }

  void expect(std::size_t source_count) { cell_->expect(source_count); }
  // Errors: InvalidState of an empty handle.
  template <class T>
  void add(AsyncResult<T> source) {
    cell_->add(ResultAccess::cell(source));
    ResultAccess::release(std::move(source));
  }
  AsyncResult<typename Cell::Outcome> begin() {
    Cell* cell = std::exchange(cell_, nullptr);
    cell->begin();
    return ResultAccess::adopt<typename Cell::Outcome>(cell);
  }

 private:
  Cell* cell_;
};

}  // namespace troupe::detail
