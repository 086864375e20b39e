// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_info.hpp>
#include <troupe/async_result.hpp>
#include <troupe/options.hpp>
#include <troupe/runtime.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/function.hpp"
#include "client/awaited.hpp"
#include "client/call_channel.hpp"
#include "client/callback_thread.hpp"
#include "client/link.hpp"
#include "platform/control_socket.hpp"
#include "platform/life_page.hpp"
#include "platform/process.hpp"
#include "wire/control.hpp"

namespace troupe::client {

class ActorWait;
class SessionLoop;

// This process as a client of one manager: the control connection, the links to actors, the events. One thread, the loop,
// reads the manager's messages and the channels that nobody else reads; it runs no user code.
// Thread-safety: full. Ownership: shared by the Runtime, the links and the channels.
class Session : public std::enable_shared_from_this<Session> {
 public:
  // Starts a manager process of its own from this executable. Blocks: until it has answered. Errors: StartError.
  static std::shared_ptr<Session> start_private(const RuntimeOptions& options);
  // Of a manager that others share. Blocks: until it has answered. Errors: StartError when there is none of that name, or it does
  // not answer; std::invalid_argument; AuthenticationError; IncompatibleInterface (another version of the library).
  static std::shared_ptr<Session> connect(std::string_view name, const RuntimeOptions& options);
  // Over a socket whose other end a manager holds already; this process is the host of an actor. Errors: StartError.
  static std::shared_ptr<Session> join(platform::ControlSocket socket);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Ends the connection; every call that is left fails with RuntimeStopped. Idempotent; from any thread but the loop.
  void close();

  // ---- actors

  void spawn(const detail::SpawnOrder& order, detail::ResultCell& cell);
  std::optional<detail::LinkHandle> find(std::string_view name, const std::type_info& type);
  // Of whatever type: to stop it, kill it, wait for its end.
  std::optional<detail::LinkHandle> find_any(std::string_view name);
  std::vector<ActorInfo> list();
  ShutdownReport shutdown(Timeout grace);
  GroupId supervise(GroupId parent, const GroupOptions& options);
  ShutdownReport stop(GroupId group, Timeout grace);
  void stop(Link& link, Timeout grace);
  void kill(Link& link);
  void cancel_call(const wire::CancelCall& message);
  void link(const Link& one, const Link& other);
  void unlink(const Link& one, const Link& other);
  void watch(Link& link);  // the manager shall tell when it is down
  // Has the channel opened anew to its actor's next life, or ended, whichever comes. For its reader, that has none.
  void ask_for_next_life(CallChannel& channel);
  // Opens its channel. Blocks: for the answer. Errors: what the manager refuses with; Error (no handles, no memory).
  std::shared_ptr<Opening> attach(Link& link);
  bool is_shared() const { return !name_.empty(); }  // its manager is a named one
  bool is_actor() const { return is_actor_; }        // it is an actor's host
  // To all callbacks of on_event.
  void emit(RuntimeEvent event);
  void add_event_callback(std::unique_ptr<detail::EventCallback> callback);

  // ---- for people (session_memories.cpp). Each blocks: for the manager's answers

  // The ends of lives that are remembered, newest first; an empty name: of all actors. Types are as the compiler spells them.
  std::vector<wire::DeathRecord> deaths(std::string_view name);
  // What is kept of what an actor has printed, as far as it fits one answer.
  wire::KeptOutput read_output(const wire::ReadOutput& order);
  // Ends the actor's life in order and begins the next, unless it is refused: then the answer says why.
  wire::RestartAnswer restart(Link& link, Timeout grace);

  // ---- references (session_references.cpp)

  // The link to an actor whose proxy has come in an envelope, or in whatever else was decoded.
  detail::LinkHandle link_to(const detail::LinkWire& wire, std::string type_name);
  void forget_unused(ActorId id) noexcept;
  // Registers a lease; see wire::Lease for the two receivers. Returns its number.
  std::uint64_t begin_lease(std::span<const wire::ActorReference> actors, ActorId to_actor, std::uint64_t to_channel);
  void end_own_lease(std::uint64_t number) noexcept;
  // See wire::LeaseNews.
  void end_lease_of(ActorId sender, std::uint64_t number) noexcept;
  void note_received(ActorId sender, std::uint64_t number) noexcept;
  void note_read_to_end(ActorId sender) noexcept;

  // ---- for channels

  void watch_event(CallChannel& channel);
  void expire_later(detail::ResultCell& cell, CallChannel& channel);
  void forget_expiry(detail::ResultCell& cell);
  CallbackThread& callbacks() { return callbacks_; }
  // Of the actor whose host this process is, if the manager is its own.
  ActorWait& actor_wait() { return *actor_wait_; }
  void tell_of_wait(const wire::Waits& wait) noexcept;
  // A hint that is true as soon as the manager's process dies.
  bool has_manager_fallen() const {
    return is_manager_gone_.load(std::memory_order_acquire) || (manager_life_ && manager_life_.has_fallen(0));
  }

 private:
  friend class SessionLoop;

  // What comes back for a request; without a message when none will come.
  using Answer = Function<void(wire::ToClient* message, std::vector<platform::Handle>& handles)>;

  Session(const RuntimeOptions& options, bool is_actor, std::string name = {});
  std::string text_of_manager() const;
  void join_manager(platform::ControlSocket socket);
  std::uint64_t expect(Answer answer);
  // The answer is not waited for any more; false when it has been taken up already.
  bool forget_answer(std::uint64_t request);
  void release(ActorId id, std::uint64_t grants) noexcept;
  void tell(const wire::LeaseNews& news) noexcept;
  // Why a request will have no answer.
  std::exception_ptr no_answer(const std::string& what) const;
  template <class Message>
  void send_request(const Message& message, std::span<const int> handles);
  template <class Message>
  void send(const Message& message, std::span<const int> handles = {});
  template <class Message>
  wire::ToClient ask(Message message);
  std::uint64_t expect_in(Awaited<wire::ToClient>& reply);
  std::string silence_text();
  void reap_manager();

  // Loop.
  void on_message(wire::ToClient message, std::vector<platform::Handle> handles);
  bool gather(std::uint64_t request, std::vector<ActorInfo>& list, bool has_more);
  void on_answer(std::uint64_t request, wire::ToClient& message, std::vector<platform::Handle>& handles);
  void on_falling(const wire::ActorFalling& falling);
  void on_broken(const wire::ChannelBroken& broken);
  void on_hang(const wire::ActorHangs& hang);
  void on_unread(const wire::ReadReplies& unread);
  void confirm_wait(const wire::ConfirmWait& asked);
  void on_down(const wire::ActorDown& down);
  void on_up(const wire::ActorDescription& actor);
  void on_printed(wire::Printed printed);
  void tell_of_lost_output(ActorId actor, unsigned incarnation);
  void on_manager_gone();

  std::optional<detail::LinkHandle> find(const wire::Find& message);
  struct ChannelOpening;
  struct SpawnPending;
  void finish_spawn(SpawnPending& pending, wire::ToClient* message, std::vector<platform::Handle>& handles);
  void disown(const wire::ActorDescription& actor, bool is_in_group) noexcept;
  void refuse_spawn(SpawnPending& pending, const wire::Failure& failure);
  void give_proxy(detail::ResultCell& cell, detail::LinkHandle link);
  void complete_with_arrival(detail::ResultCell& cell, std::unique_ptr<detail::Arrival> arrival);
  static bool opened_has_life_net(const CallChannel& channel);
  std::shared_ptr<Opening> attach(Link& link, const std::string& what);
  void leave_channel(const wire::Opened& opened) noexcept;
  static void check_handles(const std::vector<platform::Handle>& handles);
  static NextLife life_of(const wire::Opened& opened, const channel::Geometry& geometry, std::vector<platform::Handle>& handles);
  void begin_next_life(CallChannel& channel, platform::Event event, const wire::Opened& opened,
                       std::vector<platform::Handle>& handles);
  void note_next_life(ActorId actor, int pid, unsigned incarnation);
  void life_ended(const wire::ActorDown& down, const Down& event);
  void watch_or_forget(CallChannel& channel, ActorId actor);
  CallChannel* take_channel(ActorId id, bool is_gone);
  void note_link_down(const Down& down);
  static Down parent_gone_down(const Link& link, const char* why);
  void note_all_links_down(const char* why);
  ChannelReference open_channel(const wire::Opened& opened, ChannelOpening opening, std::vector<platform::Handle>& handles,
                                const char* type_name);
  // Whether the manager counts this process as a holder with the message that told of the actor.
  enum class Grant : bool { none, given };
  detail::LinkHandle add_link(wire::ActorDescription actor, std::string type_name, Grant grant, CallChannel* channel);

  const RuntimeOptions options_;
  const bool is_actor_;
  const std::string name_;  // of a named manager
  platform::ControlSocket socket_;
  platform::Process manager_;  // of a private manager
  platform::LifeView manager_life_;
  CallbackThread callbacks_;
  const std::unique_ptr<ActorWait> actor_wait_;
  std::unique_ptr<SessionLoop> loop_;
  std::unordered_map<std::uint64_t, std::vector<ActorInfo>> parts_;  // of lists whose rest is to come; the loop's
  std::unordered_map<ActorId, std::uint64_t> lost_output_;           // bytes that callbacks were too slow for; the loop's
  const std::shared_ptr<std::atomic<std::size_t>> unheard_output_ = std::make_shared<std::atomic<std::size_t>>(0);  // bytes
  std::atomic<bool> is_manager_gone_{false};
  std::atomic<bool> is_closing_{false};

  std::mutex mutex_;
  // Guarded by mutex_:
  std::uint64_t next_request_ = 1;
  std::unordered_map<std::uint64_t, Answer> answers_;
  std::unordered_map<ActorId, std::unique_ptr<Link>> links_;
  std::unordered_map<ActorId, CallChannel*> channels_;  // references; until the actor is down
  std::vector<std::shared_ptr<detail::EventCallback>> event_callbacks_;
};

// The session that proxies in what is being decoded belong to: the one in scope, else this process's own (a host's).
// Errors: std::logic_error without either.
Session& current_session();

// While it lives, current_session() of this thread is `session`.
class SessionScope {
 public:
  explicit SessionScope(Session* session) noexcept;
  ~SessionScope();
  SessionScope(const SessionScope&) = delete;
  SessionScope& operator=(const SessionScope&) = delete;

 private:
  Session* outer_;
};

}  // namespace troupe::client
