// SPDX-License-Identifier: BSL-1.0
// All interleavings on one slot: a host that serves, dies or freezes at any step, a client that cancels, a judge.
#include "channel/slot.hpp"

#include <gtest/gtest.h>

#include <array>

#include "atomics.hpp"
#include "expect.hpp"

namespace troupe::model {
namespace {

using channel::Claim;
using std::memory_order_acquire;
using std::memory_order_release;
using wire::SlotState;

using Slot = channel::SlotProtocol<Atomics>;

enum class Verdict : std::uint8_t { none, not_started, maybe, done };
Verdict verdict(Execution execution) { return static_cast<Verdict>(static_cast<int>(execution) + 1); }

enum class Answer : std::uint8_t {
  none,
  value,
  refusal,  // it did not run
  lost,     // the host died before; for who waits
};

// What is known of one call when all is over.
struct Book {
  Ghost<int> begun, ended;
  Ghost<Verdict> cancelled, judged;
  Atomic<Answer> reply;

  bool is(Verdict wanted) const { return cancelled.get() == wanted || judged.get() == wanted; }

  void check() const {
    const auto answer = static_cast<Answer>(get(reply.location()));
    require(begun.get() <= 1 && ended.get() <= begun.get(), "a call runs at most once");
    require(!is(Verdict::not_started) || begun.get() == 0, "a call that was judged not started never runs");
    require(!is(Verdict::not_started) || answer != Answer::value, "a call that was judged not started gives no result");
    require(answer != Answer::value || ended.get() == 1, "a call that gave a result has run to its end");
    require(!is(Verdict::done) || ended.get() == 1 || answer == Answer::refusal, "a call that is over has run or was refused");
    require(answer != Answer::refusal || begun.get() == 0, "a call that was refused has not run");
  }
};

// What the host does with calls that it wins: runs them, or finds them expired.
template <class Protocol>
struct SlotWorld : World {
  struct Plan {
    bool runs = true;                // or the host finds the calls expired, undecodable
    bool is_cancelled = true;        // a client's thread tries to cancel
    bool is_judged = true;           // another judges: the host was taken for dead, or is
    bool judge_drains_twice = true;  // it looks for a reply again when it is told "done"
  };

  explicit SlotWorld(const Plan& chosen) : plan(chosen) {
    word.named("slot word");
    book.reply.named("reply");
    mortal_thread("host", [this] { serve(0); });
    if (plan.is_cancelled) {
      thread("client", [this] { book.cancelled.set(verdict(Protocol::withdraw(word, 0, SlotState::cancelled))); });
    }
    if (plan.is_judged) thread("judge", [this] { judge(); });
  }

  void serve(std::uint32_t generation) {
    const Claim claim = Protocol::start(word, generation);
    require(claim != Claim::broken, "an honest word is not broken");
    if (claim == Claim::fenced) return;
    if (claim == Claim::won && plan.runs) return run(generation);
    pause();
    book.reply.store(Answer::refusal, memory_order_release);
    Protocol::rearm_unrun(word, generation);
  }

  void run(std::uint32_t generation) {
    book.begun.set(book.begun.get() + 1);
    pause();
    book.ended.set(book.ended.get() + 1);
    Protocol::rearm_after_run(word, generation);
    book.reply.store(Answer::value, memory_order_release);
  }

  void judge() {
    if (book.reply.load(memory_order_acquire) != Answer::none) return;
    const Execution execution = Protocol::withdraw(word, 0, SlotState::taken);
    if (plan.judge_drains_twice && execution == Execution::done && book.reply.load(memory_order_acquire) != Answer::none) return;
    book.judged.set(verdict(execution));
  }

  void check() override {
    book.check();
    require(book.judged.get() != Verdict::done || book.ended.get() == 1, "a call that was judged done has run to its end");
    require(book.judged.get() != Verdict::maybe || !book.is(Verdict::not_started), "verdicts do not contradict each other");
  }

  const Plan plan;
  Atomic<std::uint64_t> word;
  Book book;
};

using Plan = SlotWorld<Slot>::Plan;

TEST(SlotModel, ACallThatIsCancelledNeverRuns) { expect_kept(explore_all<SlotWorld<Slot>>({}, Plan{.is_judged = false})); }
TEST(SlotModel, TheVerdictOnAHostThatDiesOrFreezesIsExact) {
  expect_kept(explore_all<SlotWorld<Slot>>({}, Plan{.is_cancelled = false}));
}
TEST(SlotModel, CancellerJudgeAndHostAgree) { expect_kept(explore_all<SlotWorld<Slot>>({}, Plan{})); }
TEST(SlotModel, TheVerdictOnACallThatIsRefusedIsExact) { expect_kept(explore_all<SlotWorld<Slot>>({}, Plan{.runs = false})); }

TEST(SlotModel, AJudgeThatDoesNotLookForAReplyAgainCallsARefusedCallDone) {
  expect_broken(explore_all<SlotWorld<Slot>>({}, Plan{.runs = false, .is_cancelled = false, .judge_drains_twice = false}),
                "a call that was judged done has run to its end");
}

// A client that judges by what it reads.
struct ReadingJudge : Slot {
  static Execution withdraw(Word& word, std::uint32_t generation, State outcome) {
    const auto found = channel::SlotWord::unpack(word.load(memory_order_acquire));
    if (found.generation != generation) return Execution::done;
    if (found.state == State::started) return Execution::maybe;
    word.store(channel::SlotWord{generation, outcome}.pack(), memory_order_release);
    return Execution::not_started;
  }
};

// A host that takes a call by what it reads.
struct ReadingHost : Slot {
  static Claim start(Word& word, std::uint32_t generation) {
    const auto found = channel::SlotWord::unpack(word.load(memory_order_acquire));
    if (found.state == State::cancelled) return Claim::cancelled;
    if (found.state == State::taken) return Claim::fenced;
    word.store(channel::SlotWord{generation, State::started}.pack(), memory_order_release);
    return Claim::won;
  }
};

TEST(SlotModel, AJudgeThatReadsInsteadOfWinningGivesAFalseVerdict) {
  expect_broken(explore_all<SlotWorld<ReadingJudge>>({}, SlotWorld<ReadingJudge>::Plan{.is_cancelled = false}),
                "a call that was judged not started never runs");
}
TEST(SlotModel, AHostThatReadsInsteadOfWinningRunsAJudgedCall) {
  expect_broken(explore_all<SlotWorld<ReadingHost>>({}, SlotWorld<ReadingHost>::Plan{.is_cancelled = false}),
                "a call that was judged not started never runs");
}

// One slot, used twice: the client uses it again as soon as it has the reply, while the host may be late to rearm it.
template <class Protocol>
struct ReuseWorld : World {
  struct Plan {
    bool first_runs = false;  // or it is refused, and rearmed late
    bool is_first_cancelled = false;
    SlotState withdrawal = SlotState::taken;  // of the second use
  };

  explicit ReuseWorld(const Plan& chosen) : plan(chosen) {
    word.named("slot word");
    books[0].reply.named("first reply");
    books[1].reply.named("second reply");
    has_sent.named("second request");
    mortal_thread(
        "host",
        [this] {
          if (!serve(0, plan.first_runs)) return;
          if (has_sent.load(memory_order_acquire) == 0) await_change(has_sent);
          serve(1, true);
        },
        [this] {
          Location& first = books[0].reply.location();
          if (first.value == 0) set(first, static_cast<std::uint64_t>(Answer::lost));
        });
    thread("client", [this] { use_twice(); });
    if (plan.is_first_cancelled) {
      thread("canceller", [this] { books[0].cancelled.set(verdict(Protocol::withdraw(word, 0, SlotState::cancelled))); });
    }
  }

  bool serve(std::uint32_t generation, bool runs) {
    Book& book = books.at(generation);
    const Claim claim = Protocol::start(word, generation);
    require(claim != Claim::broken, "an honest word is not broken");
    if (claim == Claim::fenced) return false;
    if (claim == Claim::won && runs) {
      book.begun.set(book.begun.get() + 1);
      pause();
      book.ended.set(book.ended.get() + 1);
      Protocol::rearm_after_run(word, generation);
      book.reply.store(Answer::value, memory_order_release);
    } else {
      book.reply.store(Answer::refusal, memory_order_release);
      Protocol::rearm_unrun(word, generation);
    }
    return true;
  }

  void use_twice() {
    while (books[0].reply.load(memory_order_acquire) == Answer::none) await_change(books[0].reply);
    if (books[0].reply.load(memory_order_acquire) == Answer::lost) return;
    has_sent.store(1, memory_order_release);
    if (plan.withdrawal == SlotState::taken && books[1].reply.load(memory_order_acquire) != Answer::none) return;
    const Execution execution = Protocol::withdraw(word, 1, plan.withdrawal);
    if (execution == Execution::done && books[1].reply.load(memory_order_acquire) != Answer::none) return;
    books[1].judged.set(verdict(execution));
  }

  void check() override {
    for (const Book& book : books) book.check();
    require(books[1].judged.get() != Verdict::done || books[1].ended.get() == 1,
            "a call that was judged done has run to its end");
  }

  const Plan plan;
  Atomic<std::uint64_t> word;
  Atomic<std::uint32_t> has_sent;
  std::array<Book, 2> books;
};

template <class Protocol>
void expect_reuse_kept() {
  for (const SlotState withdrawal : {SlotState::cancelled, SlotState::taken}) {
    for (const bool first_runs : {false, true}) {
      for (const bool is_first_cancelled : {false, true}) {
        expect_kept(explore_all<ReuseWorld<Protocol>>(
            {}, typename ReuseWorld<Protocol>::Plan{first_runs, is_first_cancelled, withdrawal}));
      }
    }
  }
}

TEST(SlotModel, TheNextUseIsSafeFromAHostThatIsLateWithTheOneBefore) { expect_reuse_kept<Slot>(); }

// A host that rearms what it has not run without looking whether the client has gone on.
struct BlindRearm : Slot {
  static void rearm_unrun(Word& word, std::uint32_t generation) { rearm_after_run(word, generation); }
};

TEST(SlotModel, AHostThatRearmsBlindlyRevivesACancelledCall) {
  expect_broken(explore_all<ReuseWorld<BlindRearm>>({}, ReuseWorld<BlindRearm>::Plan{.withdrawal = SlotState::cancelled}),
                "a call that was judged not started never runs");
}

}  // namespace
}  // namespace troupe::model
