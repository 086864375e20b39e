// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/supervise.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "supervision/exit.hpp"
#include "supervision/restart_window.hpp"

namespace troupe::supervision {

// A child of a group, actor or group alike. Means nothing here.
using ChildId = std::uint64_t;

// What a group wants done, or has to say of itself.
struct Order {
  enum class What : std::uint8_t {
    start,    // the child; answered with started(), or with ended() if it did not come up
    end,      // the child, which may not have come up yet; answered with ended() when it is gone
    forget,   // the child: it has left the group and will not be started again
    came_up,  // said once after start(): every child is up
    stopped,  // every child has ended, as stop() asked
    gave_up,  // it failed too often, and every child has ended
  } what;
  ChildId child = 0;  // of the first three

  friend bool operator==(const Order&, const Order&) = default;
};

// Whether there may be a next life.
enum class Parting : std::uint8_t { for_now, for_good };

// Decides for one group of children which of them are ended and started again when one fails. Its owner carries the orders
// out, at its own pace, and reports what has happened; what a report changes, the next orders have taken into account.
//
//   group.ended(child, Exit::crash, now);
//   while (const auto order = group.next()) carry_out(*order);
//
// There are no plans that could become stale: each child that has to go is marked, and next() looks at the marks. Ends come
// first, one at a time, the youngest child first; while anybody has to go, nobody is started. Then who is down is started,
// the oldest first: with one_for_one all at once, else one at a time.
//
// A failure is a crash of a child, up or starting, that nobody wanted gone. So neither counts: what a child makes of an
// order to end; and what becomes meanwhile of one that was going to be ended for another's failure (one cause, one restart).
// Reports about unknown children, and about some that say nothing new, change nothing.
// Only the constructor and add() allocate.
// Thread-safety: none. A value.
class Group {
 public:
  // `options` have passed check(). `on_giving_up`: for_now where somebody may start() the group again, for_good at the top.
  Group(const GroupOptions& options, Parting on_giving_up);

  // The group lives (again): all children are started, and no failure counts any more.
  void start();

  // One more child, the youngest; it is started as soon as the group lives and its turn has come. If it does not come up
  // that first time it leaves, and that is no failure. A group that is over for good forgets it at once.
  void add(ChildId child);

  void started(ChildId child);

  // A child is gone. One that went by itself and cleanly has done its work: it leaves. (Where a policy wants it back after
  // any exit, that is reported as a crash.)
  void ended(ChildId child, Exit exit, TimePoint now);

  // A child that somebody else has stopped on purpose is gone, and leaves.
  void removed(ChildId child);

  // All children are ended. If the group is giving up it no longer does: it is stopped.
  void stop(Parting parting);

  // The next order; none: nothing to do until something is reported.
  std::optional<Order> next();

  bool has(ChildId child) const;
  // A child that will be forgotten by one of the next orders.
  bool is_leaving(ChildId child) const;
  // It ends, or has ended, and will not be started again.
  bool is_leaving() const { return is_leaving_; }
  // Its children end because it failed too often.
  bool is_giving_up() const { return is_giving_up_ && phase_ == Phase::closing; }

 private:
  enum class Phase : std::uint8_t { down, up, closing };
  enum class State : std::uint8_t { down, starting, up, ending, left };
  struct Child {
    ChildId id;
    State state = State::down;
    bool is_new = true;     // has not come up yet
    bool must_end = false;  // before anything is started

    bool is_alive() const { return state == State::starting || state == State::up || state == State::ending; }
  };
  using Children = std::vector<Child>;

  Children::iterator find(ChildId child);
  void failed(Children::iterator child, TimePoint now);
  void close(Parting parting);
  std::optional<Order> next_end();
  std::optional<Order> next_start();
  std::optional<Order> closed();

  GroupOptions options_;
  Parting on_giving_up_;
  RestartWindow window_;
  Phase phase_ = Phase::down;
  bool is_giving_up_ = false;
  bool is_leaving_ = false;
  bool owes_came_up_ = false;
  Children children_{};  // oldest first
};

// Errors: std::invalid_argument, which names the field, for options that nobody can follow.
void check(const GroupOptions& options);

}  // namespace troupe::supervision
