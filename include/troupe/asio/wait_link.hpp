// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>

#include <exception>
#include <memory>
#include <mutex>
#include <utility>

namespace troupe::async::detail {

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
    const std::lock_guard lock(gate_->mutex());
    if (Wait* wait = unlink()) wait->complete(std::move(end));
  }
  void abandon() noexcept {
    if (Wait* wait = take()) wait->abandon();
  }
  // Null: another one has ended it.
  Wait* take() noexcept {
    const std::lock_guard lock(gate_->mutex());
    return unlink();
  }

 private:
  friend class WaitGate;

  Wait* unlink() noexcept {
    if (wait_ != nullptr) gate_->remove(*this);
    return std::exchange(wait_, nullptr);
  }

  const std::shared_ptr<WaitGate> gate_;
  // Guarded by gate_->mutex():
  Wait* wait_;
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

// What a handler's destruction abandons in its turn is gone from the list, too.
inline void WaitGate::shut() noexcept {
  for (;;) {
    Wait* wait = nullptr;
    {
      const std::lock_guard lock(mutex_);
      if (first_ == nullptr) return;
      wait = first_->unlink();
    }
    wait->abandon();
  }
}

// A context's gate, as Asio finds it.
class WaitService : public boost::asio::execution_context::service {
 public:
  using key_type = WaitService;
  inline static boost::asio::execution_context::id id;

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
