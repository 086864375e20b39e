// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <ucontext.h>

#include <csetjmp>
#include <cstddef>
#include <functional>
#include <memory>

namespace troupe::model {

// A stack of its own on which a body runs until it suspends itself. One at a time runs, in the thread that resumes it.
// What a body holds when the fiber is restarted is dropped without its destructors: bodies own nothing.
// Thread-safety: one thread.
class Fiber {
 public:
  Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // The next resume() begins `body`, which must outlive it.
  void restart(const std::function<void()>& body);
  // Runs the body until it suspends or ends.
  void resume();
  // From inside the body.
  static void suspend();

  bool has_ended() const { return has_ended_; }

 private:
  static constexpr std::size_t kStackBytes = 64 * 1024;

  static void begin();

  std::unique_ptr<std::byte[]> stack_;
  ucontext_t context_{};
  jmp_buf base_{};   // restarts land here: switching so costs no system call, which swapcontext does
  jmp_buf point_{};  // where the body suspended itself
  const std::function<void()>* body_ = nullptr;
  bool is_made_ = false;
  bool is_at_base_ = true;
  bool has_ended_ = false;
};

}  // namespace troupe::model
