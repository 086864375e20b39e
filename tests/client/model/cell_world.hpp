// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/cell_counts.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "client/callback_list.hpp"
#include "client/cell_protocol.hpp"
#include "tests/channel/model/atomics.hpp"

namespace troupe::model {

// What stands in the place of client::CellAtomics.
struct CellAtomics : Atomics {
  // Time is a thread that may come to its end at any time, and sets a word then. Null: it never passes.
  struct Deadline {
    const Atomic<std::uint32_t>* passed = nullptr;
  };

  static void sleep(const Atomic<std::uint32_t>& word, std::uint32_t seen) { futex_wait(word, seen); }
  static void sleep(const Atomic<std::uint32_t>& word, std::uint32_t seen, Deadline deadline) {
    if (deadline.passed == nullptr) return sleep(word, seen);
    futex_wait_any({{&word, seen}, {deadline.passed, 0}});
  }
  static bool has_passed(Deadline deadline) {
    const bool has_passed = deadline.passed != nullptr && deadline.passed->load() != 0;
    restate(has_passed ? 1 : 0);  // a wait begins anew
    return has_passed;
  }
  static void wake_all(const Atomic<std::uint32_t>& word) { futex_wake(word); }
  template <class T>
  static void await_change(const Atomic<T>& word) {
    model::await_change(word);
  }
};

// What a thread does with a result, before it drops what it holds of it.
enum class Act : std::uint8_t {
  // Those that complete it:
  set_value,
  set_error,
  work,     // starts; if it may, runs and sets a value
  reply,    // a reader of the channel, which decodes in place before it claims
  arrival,  // one that leaves the decoding to others
  cancel,
  // Those that only look:
  wait,
  wait_timed,
  wait_in_callback,  // it need not wait for callbacks behind it, but runs them itself
  take,              // gets the value, and moves it out if nobody else can look at it
  read,              // gets the value if it is there
  copy,              // of the handle
  add,               // a callback
  add_remove,        // a callback, which is taken out again
  add_waiter,
  watch,   // as the session's loop does
  follow,  // sleeps until it is promoted to reader, or the outcome is there
  promote,
  lead,   // an actor's own thread, which reads for all and takes no promotion: sleeps until it is nudged, or the outcome is there
  nudge,  // as the session's loop does: that wait is for ever
};
constexpr std::size_t kActCount = static_cast<std::size_t>(Act::nudge) + 1;

const char* name_of(Act act);
bool is_completing(Act act);

struct CellPlan {
  std::vector<Act> acts;
  bool has_callback_thread = false;  // which runs the callbacks; else whoever completes does

  std::size_t count(Act act) const;
  bool has(Act act) const { return count(act) != 0; }
  bool is_completed() const;
  std::string text() const;
};

// A callback of a result.
class CellNode {
 public:
  // A plain pointer, which one thread after the other looks at. Its stores wait in no buffer: in each thread an update, or a
  // release, follows before another may look, so that would show nothing new.
  class Link {
   public:
    Link& operator=(CellNode* node) {
      word_.exchange(node);
      return *this;
    }
    Link& operator=(const Link& other) { return *this = static_cast<CellNode*>(other); }
    operator CellNode*() const { return word_.load(std::memory_order_relaxed); }
    Atomic<CellNode*>& word() { return word_; }

   private:
    Atomic<CellNode*> word_;
  };

  bool is_waiter() const { return kind == Act::add_waiter; }

  Link next;
  Act kind = Act::add;
  Ghost<std::uint32_t> rank;  // of those that have been registered; 0: it was not
  Ghost<bool> is_removed{false}, is_begun{false}, is_told{false};
};

// One result, the shared memory of which is made of what the real one uses, and the threads of a plan.
class CellWorld : public World {
 public:
  explicit CellWorld(const CellPlan& plan);

  // At the same place each time, since the addresses of callbacks are part of the state.
  static void* operator new(std::size_t bytes);
  static void operator delete(void*) {}

  void check() override;

 private:
  using Protocol = client::CellProtocol<CellAtomics>;
  using Status = client::CellStatus;
  using List = client::CallbackList<CellNode, CellAtomics>;
  using Counts = detail::CellCounts<Atomic>;

  static constexpr std::size_t kMostActs = 4;
  static constexpr std::uint32_t kCancelled = 0x300, kTaken = 0x400;
  enum class Posted : std::uint32_t { not_yet, callbacks, nothing };

  void name_words();
  void have_time_pass();
  std::uint64_t holding(Act act) const;
  void perform(std::size_t number);
  void act_on(std::size_t number);

  void complete(std::uint32_t outcome);
  void work(std::uint32_t outcome);
  void reply(std::uint32_t outcome);
  void arrive(std::uint32_t outcome);
  void cancel(std::size_t number);
  bool claim(std::uint32_t outcome);
  void win(std::uint32_t outcome);
  void publish(bool is_decoded);
  void tell(std::uint32_t seen);
  void run_callbacks();
  void run(CellNode& node);
  void note(CellNode& node);
  void serve_callbacks();

  bool is_released() const { return Protocol::has(status_, Status::kReleased); }
  void await();
  void await_timed();
  void await_in_callback();
  void follow();
  void lead();
  void nudge();
  void lock_wait();
  void read();
  void take();
  void copy();
  void add(CellNode& node);
  void watch();
  std::uint32_t outcome();
  void look();
  void check_told() const;

  void drop(std::uint64_t what);
  void drop(CellNode& node);

  const CellPlan plan_;
  Protocol::Word status_;
  List::Head callbacks_;
  Counts::Word counts_;
  Atomic<std::uint32_t> value_, error_, arrival_;
  Atomic<std::uint32_t> watched_;  // the channel's
  Atomic<std::uint32_t> time_;
  Atomic<std::uint32_t> wait_mutex_, is_for_ever_;  // client::ActorWait's
  Atomic<Posted> posted_;                           // to the callbacks' thread
  std::array<CellNode, kMostActs> nodes_;
  Ghost<std::uint32_t> winner_, outcomes_, decoded_, destroyed_, registered_, last_run_;
  Ghost<bool> has_run_{false}, has_wait_ended_{false};
  std::array<Ghost<bool>, kMostActs> cancelled_;
};

Outcome explore_cell(const CellPlan& plan, const Limits& limits = {});

}  // namespace troupe::model
