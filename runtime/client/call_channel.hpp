// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/link.hpp>
#include <troupe/detail/result_cell.hpp>
#include <troupe/error.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/death_report.hpp"
#include "base/function.hpp"
#include "channel/client_end.hpp"
#include "channel/spin.hpp"
#include "client/send_lock.hpp"
#include "client/spilled.hpp"
#include "platform/futex.hpp"
#include "platform/life_page.hpp"
#include "platform/processor.hpp"
#include "wire/control.hpp"

namespace troupe::client {

class Heir;
class MovedCall;
class Session;

// Who is at the other end in this life of the actor, for error texts and verdicts.
struct ActorIdentity {
  ActorId id;
  std::string name;
  std::string type;  // readable
  int pid = 0;
  unsigned incarnation = 0;

  std::string text() const;  // actor 7 "name" (Counter, process 123)
};

// What a channel is made of when the manager's answer has come.
struct ChannelParts {
  ActorIdentity actor;
  wire::ActorKey key;
  std::string type;          // as the compiler spells it
  bool may_restart = false;  // its process may end without its end
  std::uint32_t poison_after = 0;
  channel::Geometry geometry;
  WhenFull when_full = WhenFull::block;
  Spin spin = Spin::learned;
  Timeout deadline;  // of calls that have none of their own
  platform::SharedMemory requests, replies, states, request_extents, reply_extents;
  platform::Event host_event, client_event;
  platform::LifeView host_life;
  std::optional<unsigned> life_word;  // for this channel alone
  platform::Handle host;              // its pidfd
};

// What the host of the actor's next life has made of a channel to it.
struct NextLife {
  int pid = 0;
  unsigned incarnation = 0;
  channel::ClientEnd::NextLife end;
  platform::Event client_event;
  platform::LifeView host_life;
  std::optional<unsigned> life_word;
  platform::Handle host;  // its pidfd
};

// Why a channel is judged. All but host_died are for good. Adding one: CallChannel::failure.
enum class Fall : std::uint8_t {
  none,
  host_died,
  manager_died,
  protocol_error,   // what the host wrote is no channel's
  refused_by_host,  // the host says that of what it read here; what it had written before can be read
  runtime_stopped,
  not_reopened,  // the actor lives again, but no channel to it could be made
};

// This process's calls to one actor: sends them, reads the replies, completes the results, and when the other side falls
// says of each call how far it got. How bytes move is the channel room's.
//
// Where the actor may be started again, its fall is not the end (call_channel_lives.cpp): what had started fails, or is kept
// if it was idempotent, and what had not is kept, in order, with what is sent meanwhile behind it. The reader's role stays taken,
// by nobody, until the manager has an answer: the next life, which gets all of it, or the end.
//
// Three roles share it. Producers hold the send lock. At most one thread is the reader: a thread that waits for a result
// (it leads, for all others), or the session's loop while results with callbacks are outstanding. The other waiting
// threads follow: they sleep on their cell's status word until it is completed or they are promoted to reader.
// Thread-safety: full. Ownership: counted; the link and each cell hold it.
class CallChannel {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  CallChannel(std::shared_ptr<Session> session, ChannelParts parts);
  CallChannel(const CallChannel&) = delete;
  CallChannel& operator=(const CallChannel&) = delete;
  void add_reference() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void drop_reference() noexcept { drop_references(1); }
  // The link's, with what was counted beforehand for calls through it.
  [[gnu::cold]] void drop_link_reference() noexcept;

  // ---- sending; see detail::CallWriter

  std::byte* reserve(detail::CallWriter& writer, std::size_t payload_bytes);
  void send(detail::CallWriter& writer);

  // ---- waiting

  // Blocks: until the cell's outcome is visible (true), or `deadline` (false). A call past its own deadline is completed
  // with TimeoutError.
  bool await(detail::ResultCell& cell, TimePoint deadline);
  // Reads what has come, if nobody else is reading. Never blocks.
  void poll(detail::ResultCell& cell);
  // From now on the loop can read when nobody else does. Errors: Error when there is no handle left for that.
  [[gnu::cold]] void have_loop_watch();
  // The cell has callbacks now, and have_loop_watch() was called: the loop reads when nobody else does.
  void watch(detail::ResultCell& cell);
  void unwatch() noexcept { watched_.fetch_sub(1, std::memory_order_seq_cst); }
  // From the loop: the channel's event was signalled. False: it never will be again, the host has closed its end.
  bool serve();
  // From the loop: it reads until the reply with this lease has come, though nobody may wait for it.
  [[gnu::cold]] void call_for(std::uint64_t lease);
  // Errors: WouldDeadlock when this thread runs the methods of this channel's actor, so that waiting keeps the call from running.
  [[gnu::cold]] void check_not_own(detail::ResultCell& cell, TimePoint deadline);
  // Whether nothing but its outcome would end a wait of this process's actor for it, as far as the manager can know.
  [[gnu::cold]] bool is_awaited_for_good(const detail::ResultCell& cell) const;
  // Of this process's actor, to the manager: it has been waiting for a while for the actor of this channel; see ActorWait.
  [[gnu::cold]] void tell_of_wait(std::uint64_t number) const noexcept;
  // See ResultCell.
  bool cancel(detail::ResultCell& cell, std::optional<Timeout> force);
  bool recall(detail::ResultCell& cell);
  bool is_running(const detail::ResultCell& cell);
  // Whether the host is done with it, though its reply may not have been read yet.
  bool has_ended(const detail::ResultCell& cell) const;
  // From the loop: the cell's own deadline has come.
  void expire_if_due(detail::ResultCell& cell);

  // ---- death

  // Drains and judges every call. From any thread; soon done by whoever reads.
  void fall(Fall why);
  // The same, and no life follows. `first_cause`: of the deaths that were too many; `first_to_die`: whose that was, where a group
  // has given up. From the loop, or without it.
  void end(Fall why, const DeathCause* first_cause = nullptr, const std::string& first_to_die = {});
  // From the loop: the next life, after a fall that did not end it.
  // False: it has ended meanwhile, or could not be opened.
  bool reopen(NextLife next);
  // From the loop: there is one, but it cannot be reached from here.
  void fail_to_reopen(const std::string& why);
  // What the next life's channel is asked for with. Errors: std::system_error.
  wire::Attach offer_to_next_life();
  std::array<int, 2> request_handles() const;  // of the request memory and its extents
  void break_off(const std::string& why);      // the host refuses it
  // After the fall: how many one-way messages the host had not started, and never will.
  [[gnu::cold]] std::uint64_t lost_tells();
  bool has_fallen() const { return fall_.load(std::memory_order_acquire) != Fall::none; }
  // ... and no life will follow, as far as is known.
  bool is_lost() const { return has_fallen() && is_last_life_.load(std::memory_order_acquire); }

  // ---- what it leaves, and to whom (call_channel_legacy.cpp)

  // From now on: told of what befalls it, and given the movable calls that it leaves. Once, before there are any.
  // False: it has ended already, and the heir may not hear of it.
  bool set_heir(std::shared_ptr<Heir> heir);
  // Its outcome is here, or about to be, and no longer for what took it to another actor to say.
  void end_move(detail::ResultCell& cell) noexcept;
  // What a call fails with that no heir could help.
  std::exception_ptr error_of_unstarted(const detail::ResultCell& cell) const;
  // How many calls have been sent and have no reply that was read. A hint.
  std::uint32_t outstanding() const noexcept { return end_.outstanding(); }
  // How many replies have come in time, in all lives; compare only. While one is read that does not, this may be one less.
  std::uint32_t answered() const noexcept { return end_.finished() - late_.load(std::memory_order_relaxed); }

  ActorIdentity actor() const;
  ActorId actor_id() const { return actor_.id; }
  const channel::Geometry& geometry() const { return end_.geometry(); }
  unsigned incarnation() const { return incarnation_.load(std::memory_order_relaxed); }
  std::shared_ptr<detail::DeathReport> report() const;  // of this life's end
  Session& session() const { return *session_; }
  const platform::Event& event() const { return client_event_; }
  const platform::Handle& host() const { return host_; }
  bool has_life_word() const { return life_word_.has_value(); }
  static TimePoint deadline_of(const detail::ResultCell& cell);

 private:
  // The retry of a request that is in the ring.
  struct SentRetry {
    std::uint32_t generation = 0;
    Retry retry{};
  };
  // Whether requests go out. Adding one: find_place.
  enum class Gate : std::uint8_t {
    open,
    waiting,  // for the actor's next life: they queue up
    closed,
  };
  // The lease of a request that is in the ring.
  struct SentLease {
    std::uint32_t generation = 0;
    std::uint64_t number = 0;  // 0: none
  };

  // While one lives, the loop reads when nobody else does: for waits where a thread cannot sleep on several words at once.
  class LoopReads {
   public:
    [[gnu::cold]] explicit LoopReads(CallChannel& channel);
    LoopReads(const LoopReads&) = delete;
    LoopReads& operator=(const LoopReads&) = delete;
    ~LoopReads() { channel_.unwatch(); }

   private:
    CallChannel& channel_;
  };

  ~CallChannel() = default;
  void drop_references(std::uint32_t count) noexcept;
  void take_prepaid_reference() noexcept;

  // Cold: compiled for size, out of the way of the others.
  // Sending (call_channel_send.cpp).
  template <class Attempt>
  bool attempt_under_lock(const Attempt& attempt);
  [[gnu::cold]] bool is_over_before_sent(detail::CallWriter& writer);
  bool try_draft(std::uint32_t payload_bytes);
  [[gnu::cold]] std::byte* reserve_full(detail::CallWriter& writer, std::uint32_t payload_bytes,
                                        std::unique_lock<SendLock>& lock);
  [[gnu::cold]] std::byte* reserve_large(detail::CallWriter& writer, std::size_t payload_bytes);
  [[gnu::cold]] std::byte* open_extent(const channel::ExtentWriter::Place& place);
  [[gnu::cold]] void check_payload(const detail::RegistrationNode& method, std::size_t payload_bytes) const;
  [[gnu::cold]] void spill(const detail::CallWriter& writer, Spilled spilled);
  bool is_of_past_life(const detail::CallWriter& writer) const;
  bool may_spill(const detail::CallWriter& writer) const;
  [[gnu::cold]] void watch_spill();
  template <class Attempt, class Queued>
  bool find_place(const detail::CallWriter& writer, const Attempt& attempt, const Queued& queued);
  [[gnu::cold]] void note_retry(const detail::CallWriter& writer) noexcept;
  [[gnu::cold]] void note_sent_retry(Retry retry) noexcept;
  [[gnu::cold]] void await_place(const detail::CallWriter& writer, std::unique_lock<SendLock>& lock,
                                 const Function<bool()>& attempt);
  [[noreturn, gnu::cold]] void throw_closed(const detail::CallWriter& writer);
  [[noreturn, gnu::cold]] void throw_full(const detail::CallWriter& writer) const;
  void send_drafted(const detail::CallWriter& writer);
  [[gnu::cold]] void send_spilled(const detail::CallWriter& writer);
  [[gnu::cold]] void send_large(detail::CallWriter& writer);
  [[gnu::cold]] static void enter_queue(SpillQueue::iterator place) noexcept;
  [[gnu::cold]] static void leave_queue(const Spilled& spilled) noexcept;
  [[gnu::cold]] void give_back_extent(const Spilled& spilled) noexcept;
  [[gnu::cold]] bool draft_spilled(Spilled& next);
  [[gnu::cold]] void fail_spilled(const Spilled& spilled, const std::exception_ptr& error);
  [[gnu::cold]] void watch_excess();
  [[gnu::cold]] void trim_extents();
  void publish(detail::ResultCell* cell, wire::MethodId method, std::int64_t deadline_ns);
  [[gnu::cold]] void flush_spill();
  [[gnu::cold]] bool wait_for_room(std::uint32_t epoch, TimePoint deadline);
  [[gnu::cold]] void send_rare(detail::CallWriter& writer);
  [[gnu::cold]] bool have_sent_tables(detail::CallWriter& writer);
  [[gnu::cold]] void lease_draft(std::uint64_t number) noexcept;
  [[gnu::cold]] void note_sent_lease(std::uint64_t number) noexcept;
  [[gnu::cold]] std::uint64_t take_sent_lease(channel::Ticket ticket);
  [[gnu::cold]] bool has_run_before(channel::Ticket ticket) const;
  [[gnu::cold]] void give_back(std::uint64_t lease) noexcept;
  [[gnu::cold]] static void fail(detail::CallWriter& writer, std::exception_ptr error);

  // Reading (call_channel_read.cpp, call_channel_lead.hpp).
  bool try_read_role() noexcept;
  bool take_or_contest_read_role() noexcept;
  void leave_read_role();
  template <class Done, class Own>
  void lead(const Done& done, const Own& own, TimePoint deadline);
  template <class Done, class Own>
  void sleep_as_reader(const Done& done, const Own& own, TimePoint deadline);
  [[gnu::cold]] void follow(detail::ResultCell& cell, TimePoint deadline);
  template <class Over>
  bool await_until(detail::ResultCell& cell, TimePoint deadline, const Over& over);
  [[gnu::noinline]] bool await_in_actor(detail::ResultCell& cell, TimePoint deadline);
  [[gnu::cold]] bool await_with_others(detail::ResultCell& cell);
  void promote_one();
  void look();
  bool drain();
  void deliver(const channel::ClientEnd::Reply& reply);
  void deliver_value(detail::ResultCell& cell, const channel::ClientEnd::Reply& reply);
  [[gnu::cold]] void deliver_leased(const channel::ClientEnd::Reply& reply);
  [[gnu::cold]] void stop_calling_for(std::uint64_t delivered);
  bool store_outcome(detail::ResultCell& cell, const channel::ClientEnd::Reply& reply);
  [[gnu::cold]] std::exception_ptr stream_is_gone(const std::string& call) const;
  [[gnu::cold]] std::exception_ptr refusal(const detail::ResultCell& cell, const channel::ClientEnd::Reply& reply) const;
  void note_room();
  bool wants_room() const;
  void publish_processor();

  // Taking back (call_channel_cancel.cpp).
  enum class Why : std::uint8_t { expired, cancelled, recalled };
  struct Withdrawal {
    bool is_won = false;  // by this: it never runs, or not once more; who won it completes it
    Execution execution = Execution::not_started;
    channel::Ticket ticket{};  // of one that has been sent
    std::chrono::nanoseconds running_for{};
    bool is_cancelled = false;           // its outcome is, or will be, a CancelledError
    std::shared_ptr<MovedCall> moved{};  // all else is for that to say
  };
  Withdrawal withdraw(detail::ResultCell& cell, Why why, bool by_force = false);
  Withdrawal withdraw_sent(detail::ResultCell& cell, std::uint64_t& lease);
  Withdrawal withdraw_spilled(detail::ResultCell& cell, std::uint64_t& lease);
  std::chrono::nanoseconds running_for(Execution execution) const;
  void expire(detail::ResultCell& cell);
  Execution look_for_late(const detail::ResultCell& cell);
  void ask_to_stop(channel::Ticket ticket, std::optional<Timeout> force);
  static std::exception_ptr cancellation(const std::string& call, Execution execution);

  using Legacy = std::vector<std::shared_ptr<MovedCall>>;  // in the order in which it was sent

  // Judging, as the reader (call_channel_fall.cpp).
  void judge();
  bool may_live_again() const;
  void take_back_requests(Gate gate);
  SpillQueue copy_left(channel::ClientEnd::Which which);
  void add_unknown(SpillQueue& taken);
  bool take_back(Spilled& request) noexcept;
  [[gnu::cold]] Legacy settle() noexcept;
  SpillQueue settle_taken() noexcept;
  bool was_told_to_stop() const;
  bool was_ended_by_caller() const;
  [[gnu::cold]] bool try_again(Spilled& request) noexcept;
  void complete_failed(const SpillQueue& failed) noexcept;
  std::exception_ptr error_of(const Spilled& failed) const noexcept;

  // What is left (call_channel_legacy.cpp).
  [[gnu::cold]] bool may_be_inherited(const detail::CallWriter& writer) const;
  [[gnu::cold]] bool leaves_calls() const;
  [[gnu::cold]] static bool is_movable(const Spilled& request);
  [[gnu::cold]] Legacy take_legacy() noexcept;
  [[gnu::cold]] std::shared_ptr<MovedCall> move_away(Spilled& request);
  [[gnu::cold]] void bequeath(Legacy legacy) noexcept;
  [[gnu::cold]] void bequeath_last(detail::ResultCell& own);
  [[gnu::cold]] static std::shared_ptr<MovedCall> moved_or_null(const detail::ResultCell& cell);
  [[gnu::cold]] std::shared_ptr<Heir> heir() const;
  [[gnu::cold]] void note_late() noexcept { late_.fetch_add(1, std::memory_order_relaxed); }
  [[gnu::cold]] void note_expired_there(const detail::ResultCell& cell);

  // Lives, as the reader (call_channel_lives.cpp).
  bool park();
  void end_parked();
  enum class Lives : bool { no_more, more };
  bool unpark(Lives lives);
  void enter(NextLife& next);

  void wake_reader();
  void note_host_fallen();
  std::exception_ptr failure(const std::string& call, Execution execution) const;
  void note_how_it_fell() noexcept;
  void note_fault(const std::string& what) noexcept;
  std::string running_text(std::uint32_t running) const;

  const std::shared_ptr<Session> session_;
  const ActorIdentity actor_;  // of the first life that was known here
  const wire::ActorKey key_;
  const std::string type_;
  const bool may_restart_;
  const std::uint32_t poison_after_;
  const WhenFull when_full_;
  const Timeout deadline_;
  const platform::SharedMemory requests_;  // only if it may be shown to another life
  // Of this life; another one's open files take their places, under the same descriptors.
  platform::Event client_event_;
  platform::Handle host_;
  std::atomic<int> pid_;
  std::atomic<unsigned> incarnation_;
  std::atomic<std::uint32_t> references_{1};
  channel::ClientEnd end_;
  const std::unique_ptr<std::atomic<detail::ResultCell*>[]> pending_;  // by slot; holds a reference

  std::atomic<Fall> fall_{Fall::none};
  std::atomic<bool> is_judged_{false};  // every call that was pending at the fall has its outcome, or waits
  std::atomic<bool> is_ended_{false};   // and there is no next life
  std::atomic<bool> is_event_watched_{false};
  mutable std::mutex text_mutex_;
  // Guarded by text_mutex_:
  std::string fault_;                                  // what was wrong: of protocol_error, refused_by_host, not_reopened
  std::string death_text_;                             // what the host's status words told
  std::shared_ptr<detail::DeathReport> report_;        // of this life's end
  std::shared_ptr<detail::DeathReport> first_report_;  // of the deaths that were too many
  std::string first_to_die_;                           // with it
  std::shared_ptr<detail::DeathReport> last_report_;   // of the life before this one; null: none that is known here
  mutable std::mutex lives_mutex_;
  // Written with lives_mutex_:
  std::atomic<bool> is_last_life_;
  // Guarded by lives_mutex_:
  bool is_parked_ = false;  // the reader's role is held for the next life, by whoever brings it or the end

  alignas(64) mutable SendLock send_lock_;
  // Guarded by send_lock_:
  Gate gate_ = Gate::open;
  bool are_tells_taken_back_ = false;  // of this life
  std::optional<channel::ClientEnd::Draft> draft_;
  bool is_draft_spilled_ = false;
  std::uint32_t prepaid_references_ = 0;  // counted in references_, for cells to come: an atomic update less for each
  SpillQueue spill_;                      // each call's cell knows its place in it, unless that has a ticket
  std::uint64_t lost_tells_ = 0;
  std::unique_ptr<SentLease[]> sent_leases_;   // by slot, as of its last request that had one; null until there is one
  std::unique_ptr<SentRetry[]> sent_retries_;  // likewise
  std::shared_ptr<Heir> heir_;

  enum class Role : std::uint32_t {
    free,
    taken,
    contested,  // taken, and meanwhile somebody else came to read: the reader reads once more after giving it back
  };
  alignas(64) std::atomic<Role> read_role_{Role::free};
  std::atomic<std::uint32_t> watched_{0};       // results with callbacks, a spill queue, an excess, a lease: the loop has to read
  std::atomic<std::uint64_t> called_lease_{0};  // the last that was called for; 0: none is due
  std::atomic<std::uint64_t> delivered_lease_{0};  // the last; a channel's leases come in the order of their numbers
  std::atomic<bool> has_spill_{false};
  std::atomic<bool> has_excess_{false};  // more memory is backed for large requests than shall be kept
  std::atomic<std::uint32_t> room_waiters_{0};
  std::atomic<std::uint32_t> room_epoch_{0};  // moves when room may have come free
  std::atomic<std::uint32_t> follower_count_{0};
  std::mutex followers_mutex_;
  std::vector<detail::ResultCell*> followers_;  // guarded by followers_mutex_

  // The reader's.
  platform::LifeView host_life_;
  std::optional<unsigned> life_word_;
  bool must_park_ = false;
  channel::SpinPolicy spin_;
  std::uint32_t processor_ = UINT32_MAX;
  std::uint64_t seen_progress_ = 0;
  std::uint64_t arriving_lease_ = 0;    // of the reply that is being delivered, until its arrival takes it over
  std::atomic<std::uint32_t> late_{0};  // replies to calls that had an outcome
};

// Owns one reference on a channel.
struct DropReference {
  void operator()(CallChannel* channel) const noexcept { channel->drop_reference(); }
};
using ChannelReference = std::unique_ptr<CallChannel, DropReference>;

// "Counter::add of actor 7 (Counter, process 123)"
std::string describe_call(const detail::ResultCell& cell);
std::string describe_call(const detail::RegistrationNode& method, const ActorIdentity& actor);
// "12.3 ms"
std::string time_text(std::chrono::nanoseconds time);
// "it had not started, so it is safe to send it again"
const char* verdict_text(Execution execution);

}  // namespace troupe::client
