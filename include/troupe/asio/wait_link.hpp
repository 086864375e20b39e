// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/result_cell.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>

#include <exception>
#include <memory>
#include <mutex>
#include <utility>

namespace troupe::async::detail {

using troupe::detail::ResultCell;

// Owns a reference on a cell; not a handle, so that it does not keep anybody from moving the value out.
class CellReference {
 public:
  explicit CellReference(ResultCell& cell) noexcept : cell_(&cell) { cell_->add_reference(); }
  CellReference(const CellReference& other) noexcept : CellReference(*other.cell_) {}
  CellReference& operator=(const CellReference&) = delete;
  ~CellReference() { cell_->drop_reference(); }

  ResultCell& operator*() const { return *cell_; }
  ResultCell* operator->() const { return cell_; }

 private:
  ResultCell* cell_;
};

// The callback that a wait has left with a cell, on which this owns a reference: goes with this, unless it is run. That is
// known by its address alone, since a cell takes no more callbacks once one of them has been run.
struct TakeOut {
  void operator()(ResultCell* cell) const noexcept {
    if (cell->remove_callback(callback)) callback->drop();
    cell->drop_reference();
  }
  troupe::detail::Callback* callback = nullptr;
};
using LeftCallback = std::unique_ptr<ResultCell, TakeOut>;

inline LeftCallback left_callback(ResultCell& cell, troupe::detail::Callback& callback) noexcept {
  cell.add_reference();
  return LeftCallback(&cell, TakeOut{&callback});
}

// How a wait has ended. Adding one: AsyncResult's completions (async_wait.hpp, co_await.hpp) and settled() (settled.hpp).
struct WaitEnd {
  enum How { outcome, cancelled, timed_out, failed };

  How how = outcome;
  std::exception_ptr why{};  // of failed: nothing could be made that would tell of the outcome
};

// One handler that waits for an outcome. Ownership: its own, until one of these.
class Wait {
 public:
  // Has the handler called where it wants to be, and goes.
  virtual void complete(WaitEnd end) = 0;
  // Goes, and the handler uncalled with it.
  virtual void abandon() noexcept = 0;
  // Whether its handler is cancelled by way of that slot.
  virtual bool is_cancelled_by(const boost::asio::cancellation_slot& slot) const noexcept = 0;

 protected:
  ~Wait() = default;
};

class WaitLink;

// The waits of one execution context, which may be destroyed before the results that are waited for have come: nobody must
// post to it from then on. Thread-safety: full.
class WaitGate {
 public:
  std::mutex& mutex() { return mutex_; }

  // With the mutex held:
  void add(WaitLink& link) noexcept;
  void remove(WaitLink& link) noexcept;

  // visit(const Wait&, ResultCell*, is_bell): of each wait; where a callback has been left, with which cell. Under the mutex.
  template <class Visit>
  void for_each(const Visit& visit);
  // Ends a wait for this cell with this error, if there is one.
  void fail(const ResultCell& cell, const std::exception_ptr& why);
  // The context goes; so do its waits.
  void shut() noexcept;

 private:
  std::mutex mutex_;
  WaitLink* first_ = nullptr;  // guarded by mutex_
};

// The way to a wait for whoever may end it: the result, a cancellation, a timer, the end of the context. One of them does.
// Thread-safety: full.
class WaitLink {
 public:
  WaitLink(std::shared_ptr<WaitGate> gate, Wait& wait) : gate_(std::move(gate)), wait_(&wait) {
    const std::lock_guard lock(gate_->mutex());
    gate_->add(*this);
  }
  ~WaitLink() { abandon(); }
  WaitLink(const WaitLink&) = delete;
  WaitLink& operator=(const WaitLink&) = delete;

  // The context cannot go meanwhile: it waits for the mutex first.
  void complete(WaitEnd end) {
    LeftCallback left;  // goes last, without the mutex: this link may go with it
    const std::lock_guard lock(gate_->mutex());
    if (Wait* wait = unlink(left)) wait->complete(std::move(end));
  }
  void abandon() noexcept {
    if (Wait* wait = take()) wait->abandon();
  }
  // Null: another one has ended it.
  Wait* take() noexcept {
    LeftCallback left;
    const std::lock_guard lock(gate_->mutex());
    return unlink(left);
  }
  // Its cell is completed by what other waits of the same context have brought, and by nobody else.
  void note_bell() noexcept {
    const std::lock_guard lock(gate_->mutex());
    is_bell_ = true;
  }
  // Until the wait ends; which it may have done.
  void keep(LeftCallback left) noexcept {
    const std::lock_guard lock(gate_->mutex());
    if (wait_ != nullptr) left_.swap(left);
  }

 private:
  friend class WaitGate;

  Wait* unlink(LeftCallback& left) noexcept {
    if (wait_ != nullptr) gate_->remove(*this);
    left.swap(left_);
    return std::exchange(wait_, nullptr);
  }

  const std::shared_ptr<WaitGate> gate_;
  // Guarded by gate_->mutex():
  Wait* wait_;
  LeftCallback left_;
  bool is_bell_ = false;
  WaitLink* next_ = nullptr;
  WaitLink* previous_ = nullptr;
};

inline void WaitGate::add(WaitLink& link) noexcept {
  link.next_ = first_;
  if (first_ != nullptr) first_->previous_ = &link;
  first_ = &link;
}

inline void WaitGate::remove(WaitLink& link) noexcept {
  (link.previous_ != nullptr ? link.previous_->next_ : first_) = link.next_;
  if (link.next_ != nullptr) link.next_->previous_ = link.previous_;
}

template <class Visit>
void WaitGate::for_each(const Visit& visit) {
  const std::lock_guard lock(mutex_);
  for (const WaitLink* each = first_; each != nullptr; each = each->next_) visit(*each->wait_, each->left_.get(), each->is_bell_);
}

inline void WaitGate::fail(const ResultCell& cell, const std::exception_ptr& why) {
  LeftCallback left;  // as in WaitLink::complete
  const std::lock_guard lock(mutex_);
  WaitLink* link = first_;
  while (link != nullptr && link->left_.get() != &cell) link = link->next_;
  if (link == nullptr) return;
  if (Wait* wait = link->unlink(left)) wait->complete({.how = WaitEnd::failed, .why = why});
}

// What a handler's destruction abandons in its turn is gone from the list, too.
inline void WaitGate::shut() noexcept {
  for (;;) {
    Wait* wait = nullptr;
    LeftCallback left;
    {
      const std::lock_guard lock(mutex_);
      if (first_ == nullptr) return;
      wait = first_->unlink(left);
    }
    wait->abandon();
  }
}

// A context's gate, as Asio finds it.
class WaitService : public boost::asio::execution_context::service {
 public:
  using key_type = WaitService;
  inline static boost::asio::execution_context::id id;  // NOLINT(readability-identifier-naming): so Asio calls it

  explicit WaitService(boost::asio::execution_context& context) : service(context) {}

  const std::shared_ptr<WaitGate>& gate() const { return gate_; }

 private:
  void shutdown() override { gate_->shut(); }

  const std::shared_ptr<WaitGate> gate_ = std::make_shared<WaitGate>();
};

// Of an executor that names no context: one that nobody shuts.
template <class Executor>
std::shared_ptr<WaitGate> gate_of(const Executor& executor) {
  if constexpr (boost::asio::can_query<const Executor&, boost::asio::execution::context_t>::value) {
    boost::asio::execution_context& context = boost::asio::query(executor, boost::asio::execution::context);
    return boost::asio::use_service<WaitService>(context).gate();
  } else {
    return std::make_shared<WaitGate>();
  }
}

}  // namespace troupe::async::detail
