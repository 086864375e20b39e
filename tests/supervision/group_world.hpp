// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <vector>

#include "supervision/group.hpp"

namespace troupe::supervision {

// What can happen to a group: its children's processes, and those who use it, are as free as can be.
struct Happening {
  enum class What : std::uint8_t {
    crash,
    clean_exit,
    comes_up,
    removed,
    added,
    stopped,
    stopped_for_good,
    lives_again,
    time_passes
  } what;
  ChildId child = 0;
};

// A group, the processes that its orders start and end, and what the group ought to make of it all, kept in the plainest way:
// each order is held against that. A value, so that a search may go on from one world in several ways.
class GroupWorld {
 public:
  GroupWorld(const GroupOptions& options, Parting on_giving_up, std::size_t children);

  std::vector<Happening> possible() const;
  void happen(const Happening& what);

  // Carries all out and lets nothing else happen, until there is nothing to do.
  void settle();

  // The promise that was broken first; empty: none was.
  const std::string& broken() const { return broken_; }
  const std::string& story() const { return story_; }
  unsigned given_up() const { return given_up_; }  // how often

 private:
  enum class State : std::uint8_t { down, starting, up, ending, gone };
  struct Member {
    ChildId id;
    State state = State::down;
    bool was_up = false;
    bool has_to_go = false;
    bool is_alive() const { return state == State::starting || state == State::up || state == State::ending; }
  };

  Member* find(ChildId id);
  void expect(bool is_kept, const char* promise);
  void take_orders();
  void take(const Order& order);
  void take_end(const Order& order);
  void take_start(const Order& order);
  void take_forget(const Order& order);
  void take_closed(bool gave_up);
  void expect_nothing_to_do();

  void ended(Member& member, Exit exit);
  void failed(const Member& member);
  void close(bool is_for_good);
  void add(ChildId id);
  bool is_any(State state) const;
  bool is_any_alive() const;

  GroupOptions options_;
  Parting on_giving_up_;
  Group group_;
  TimePoint now_{};
  std::vector<Member> members_{};  // oldest first
  std::vector<TimePoint> failures_{};
  std::vector<TimePoint> restarts_{};  // starts of those who had been up, since the group lives
  bool lives_ = false;
  bool is_closing_ = false;
  bool gives_up_ = false;
  bool is_for_good_ = false;
  bool has_come_up_ = false;
  unsigned given_up_ = 0;
  ChildId last_id_ = 0;
  std::string broken_{};
  std::string story_{};
};

}  // namespace troupe::supervision
