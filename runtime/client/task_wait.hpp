// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/local_crew.hpp>
#include <troupe/detail/result_cell.hpp>

#include <cstdint>
#include <span>

namespace troupe::client {

// A wait, without a deadline, in a thread that runs a task of a pool of threads: what it waits for is run here where that is
// tasks of the same pool that no thread has begun with. If one of several is enough, nobody knows which; so then only where all
// of the pool's threads wait like this one, and no other could run one. Used by one thread.
class TaskWait final : private detail::CrewWait {
 public:
  // For a cell that no channel completes, and which comes of itself, or with one of `choice`.
  explicit TaskWait(detail::ResultCell& awaited, std::span<detail::ResultCell* const> choice = {}) noexcept;
  ~TaskWait() override;

  // Blocks: until the outcome is there. Errors: WouldDeadlock, when this thread keeps it from coming.
  void wait();

  // A source has been put in its place, of a cell that is wanted.
  static void note_new_source() noexcept;

 private:
  class Bell;

  bool is_over() const noexcept override;
  void look_again() noexcept override;

  void begin_to_listen();
  std::uint32_t heard() const noexcept;
  bool is_to_choose() const noexcept { return !choice_.empty() || meets_choice_; }
  void run_needed();
  void check_can_come() const;
  bool run_one_of_choice();
  bool go_through_choice(bool is_to_run);
  void sleep(std::uint32_t seen);

  detail::ResultCell& awaited_;
  const std::span<detail::ResultCell* const> choice_;
  const bool is_plain_;        // nothing but the outcome can change
  bool meets_choice_ = false;  // it is made of what needs one of its sources
  bool has_tasks_ = false;     // of the same pool are among what it waits for
  Bell* bell_ = nullptr;       // a reference
  TaskWait* next_ = nullptr;   // of those that listen
};

}  // namespace troupe::client
