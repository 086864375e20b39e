// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

#include "client/cell_protocol.hpp"

namespace troupe::client {

// The callbacks of a cell, and the order in which they are told. The list is one word: the newest of them, or "closed" once
// somebody has taken all. Who takes one out again locks it for a moment, by its lowest bit but one; everybody else only ever
// replaces it. A Node has `next` and is_waiter().
template <class Node, class Atomics = CellAtomics>
struct CallbackList {
  using Head = typename Atomics::template Atomic<Node*>;
  using Protocol = CellProtocol<Atomics>;
  using Status = typename Protocol::Word;

  // False when the outcome is there, so that the caller has to tell it.
  static bool push(Status& status, Head& list, Node* node) {
    const std::uint32_t kind = node->is_waiter() ? CellStatus::kWaiters : CellStatus::kCallbacks;
    if ((status.fetch_or(kind, std::memory_order_acq_rel) & CellStatus::kStored) != 0) return false;
    Node* head = list.load(std::memory_order_acquire);
    do {
      await_unlocked(list, head);
      if (is_closed(head)) return false;
      node->next = head;
    } while (!list.compare_exchange_weak(head, node, std::memory_order_acq_rel));
    return true;
  }

  // False: it has been told, or somebody is about to tell it.
  static bool remove(Head& list, const Node* node) noexcept {
    Node* head = list.load(std::memory_order_acquire);
    do {
      await_unlocked(list, head);
      if (is_closed(head)) return false;
    } while (!list.compare_exchange_weak(head, head_of(word_of(head) | kLocked), std::memory_order_acq_rel));
    bool is_found = head == node;
    if (is_found) head = node->next;
    for (Node* each = head; each != nullptr && !is_found;) {
      Node* const next = each->next;
      is_found = next == node;
      if (is_found) {
        each->next = next->next;
      } else {
        each = next;
      }
    }
    list.store(head, std::memory_order_release);
    return is_found;
  }

  // Once the outcome is stored. The users' callbacks in the order of their registration, then everybody else learns of it, then
  // the waiters, in their order. Does nothing where somebody else does that.
  template <class Run, class Tell>
  static void run_and_release(Status& status, Head& list, const Run& run, const Tell& tell_waiters) {
    Node* newest = nullptr;
    if (!take(list, newest)) return;
    const InTurn told(newest);
    run(told.callbacks);
    Protocol::release(status);
    tell_waiters(told.waiters);
  }

  // Likewise, where there are no callbacks of users.
  template <class Tell>
  static void release_and_tell(Status& status, Head& list, const Tell& tell_waiters) {
    Protocol::release(status);
    Node* newest = nullptr;
    if (take(list, newest)) tell_waiters(InTurn(newest).waiters);
  }

 private:
  // Both in the order of their registration.
  struct InTurn {
    explicit InTurn(Node* newest_first) {
      while (newest_first != nullptr) {
        Node*& list = newest_first->is_waiter() ? waiters : callbacks;
        Node* const next = newest_first->next;
        newest_first->next = list;
        list = newest_first;
        newest_first = next;
      }
    }
    Node* callbacks = nullptr;
    Node* waiters = nullptr;
  };

  // False: somebody has taken them before.
  static bool take(Head& list, Node*& newest) noexcept {
    newest = list.load(std::memory_order_acquire);
    do {
      await_unlocked(list, newest);
      if (is_closed(newest)) return false;
    } while (!list.compare_exchange_weak(newest, head_of(kClosed), std::memory_order_acq_rel));
    return true;
  }

  static void await_unlocked(const Head& list, Node*& head) noexcept {
    while ((word_of(head) & kLocked) != 0) {
      Atomics::await_change(list);
      head = list.load(std::memory_order_acquire);
    }
  }

  static constexpr std::uintptr_t kClosed = 1;
  static constexpr std::uintptr_t kLocked = 2;
  static std::uintptr_t word_of(const Node* head) { return reinterpret_cast<std::uintptr_t>(head); }
  static Node* head_of(std::uintptr_t word) { return reinterpret_cast<Node*>(word); }
  static bool is_closed(const Node* head) { return word_of(head) == kClosed; }
};

}  // namespace troupe::client
