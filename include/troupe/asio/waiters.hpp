// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/asio/settled.hpp>
#include <troupe/async_result.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <list>
#include <memory>
#include <utility>

namespace troupe::async::detail {

// Coroutines that wait for another one's word, the first first. A wake-up goes to one that still waits: one that was cancelled is
// passed over, and the wait of one that was woken is not cancelled any more. `Slot`: what a waiter brings along for who wakes it.
template <class Slot>
class Waiters {
 public:
  // Waits, calmly, to be woken (true) or cancelled (false; never with GoOn).
  template <class OnCancel>
  awaitable<bool> wait(Slot& slot, OnCancel on_cancel) {
    const std::shared_ptr<List> list = list_;  // the coroutine may outlive what it waits for, when its context goes
    Waiter waiter{slot};
    const Place place(*list, waiter);
    const CellReference woken(cell_of(waiter.woken.result()));
    co_await settled(woken, on_cancel);
    co_return woken->error() == nullptr;
  }

  // The slot of the one that would be woken; null: nobody waits.
  Slot* first() {
    while (!list_->empty() && list_->front()->woken.result().ready()) unlist(*list_->front());  // cancelled
    return list_->empty() ? nullptr : &list_->front()->slot;
  }
  // The slot of the one that has been woken, and has not run yet; null: nobody waits.
  Slot* wake_one() {
    if (first() == nullptr) return nullptr;
    Waiter& waiter = *list_->front();
    unlist(waiter);
    waiter.woken.set_value();
    return &waiter.slot;
  }
  std::size_t size() {
    for (auto each = list_->begin(); each != list_->end();) {
      Waiter& waiter = **each++;
      if (waiter.woken.result().ready()) unlist(waiter);
    }
    return list_->size();
  }
  void wake_all() {
    while (wake_one() != nullptr) continue;
  }

 private:
  struct Waiter;
  using List = std::list<Waiter*>;
  struct Waiter {
    Slot& slot;
    Promise<void> woken{};
    bool is_listed = false;
    typename List::iterator position{};
  };

  void unlist(Waiter& waiter) {
    list_->erase(waiter.position);
    waiter.is_listed = false;
  }

  // Whose wait has ended is no longer in the list, whatever ended it.
  class Place {
   public:
    Place(List& list, Waiter& waiter) : list_(list), waiter_(waiter) {
      waiter_.position = list_.insert(list_.end(), &waiter_);
      waiter_.is_listed = true;
    }
    ~Place() {
      if (waiter_.is_listed) list_.erase(waiter_.position);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    List& list_;
    Waiter& waiter_;
  };

  std::shared_ptr<List> list_ = std::make_shared<List>();
};

}  // namespace troupe::async::detail
