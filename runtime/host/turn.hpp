// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/actor_thread.hpp>
#include <troupe/detail/registry.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <stop_token>
#include <string_view>

#include "host/actor.hpp"
#include "host/checkpoints.hpp"
#include "host/deferrals.hpp"
#include "host/served_channel.hpp"
#include "host/stop_requests.hpp"
#include "platform/life_page.hpp"

namespace troupe::host {

// Handles one envelope: wins it, runs the method, answers, frees its place. Which envelope is next is the dispatcher's.
// Thread-safety: the dispatcher's thread.
class Turn final : private detail::Invocation {
 public:
  // What is the same for all turns of a host.
  struct Surroundings {
    const Actor& actor;
    platform::LifeStatus& status;
    Checkpoints* checkpoints = nullptr;     // null: none are taken
    StopRequests* stops = nullptr;          // null: no call can be asked to stop
    Deferrals* deferrals = nullptr;         // null: results that are still to come are waited for
    detail::ActorThread* thread = nullptr;  // null: no call goes on by parts
  };

  // `running`: where it says that its method runs.
  Turn(const Surroundings& host, Turn*& running, ServedChannel& channel, const channel::HostEnd::Request& request)
      : host_(host), running_(running), channel_(channel), status_(host.status), request_(request) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  // False: the client has judged this host dead, so the channel is not to be served any more. Blocks: as long as the
  // actor's method likes. Errors: ProtocolError: the channel is broken.
  bool take();

  // Of one whose result was still to come, and has come: answers it. Errors: ProtocolError.
  void answer_later(const detail::RegistrationNode& method, detail::ResultCell& cell, detail::Invocation::SendLater send);

  // While its method runs; see ThisCall.
  std::stop_token stop_token();
  std::int64_t deadline_ns() const { return request_.deadline_ns; }
  // See ActorThread.
  [[gnu::cold]] detail::OpenCall open_call();

  // A turn has ended that is not among the calls handled.
  [[gnu::cold]] static void count_refused(platform::LifeStatus& status);

 private:
  using Method = MethodTable::Method;

  std::span<const std::byte> arguments() const override { return channel_.end.payload(request_); }
  bool may_view() const override { return host_.actor.security() == SecurityLevel::l0; }
  void entered() override { has_entered_ = true; }
  void returned() override { has_returned_ = true; }
  bool wants_reply() const override { return is_call(); }
  std::byte* reply(std::size_t payload_bytes) override;
  void reply_with(const detail::GrowingBuffer& result) override;
  bool await(detail::ResultCell& cell, SendLater send) override;
  detail::Streams& streams() override { return channel_.streams; }

  bool is_call() const { return request_.kind == wire::RequestKind::call; }
  bool is_expired() const;
  void serve();
  void serve_by_name();
  void begin(const Method& method);
  [[gnu::cold]] void answer_expired();
  void refuse();
  void run(const Method& method);
  std::exception_ptr call(const Method& method);
  void fail(const detail::RegistrationNode& method, const std::exception_ptr& thrown);
  [[gnu::cold]] void complain_of(const detail::RegistrationNode& method, const std::exception_ptr& thrown) const;
  [[gnu::cold]] void leave_open();
  void fail_call(const std::exception_ptr& thrown);
  [[gnu::cold]] bool has_stopped_as_asked(const std::exception_ptr& thrown) const;
  [[gnu::cold]] std::exception_ptr call_until_deadline(const Method& method);
  void answer_bytes(wire::ReplyKind kind, std::span<const std::byte> bytes, bool has_run);
  void answer_text(wire::ReplyKind kind, std::string_view text, bool has_run);
  void answer(wire::ReplyKind kind, bool has_run);
  void note_end(bool has_run) {
    status_.running_method.store(0, std::memory_order_relaxed);
    auto& handled = status_.calls_handled;
    handled.store(handled.load(std::memory_order_relaxed) + (has_run ? 1 : 0), std::memory_order_release);
  }

  const Surroundings& host_;
  Turn*& running_;
  ServedChannel& channel_;
  platform::LifeStatus& status_;
  const channel::HostEnd::Request& request_;
  const detail::RegistrationNode* method_ = nullptr;  // that runs
  bool has_entered_ = false;
  bool has_returned_ = false;  // what is thrown now is the result's, not the method's
  bool is_channel_broken_ = false;
  bool has_token_ = false;
  bool is_open_ = false;       // its result is still to come, and the next turn need not wait for it
  bool is_past_turn_ = false;  // its place in the ring is free, and its turn counted
};

}  // namespace troupe::host
