// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/registry.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <stop_token>
#include <string_view>

#include "host/actor.hpp"
#include "host/checkpoints.hpp"
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
    Checkpoints* checkpoints = nullptr;  // null: none are taken
    StopRequests* stops = nullptr;       // null: no call can be asked to stop
  };

  // `running`: where it says that its method runs.
  Turn(const Surroundings& host, Turn*& running, ServedChannel& channel, const channel::HostEnd::Request& request)
      : host_(host), running_(running), channel_(channel), status_(host.status), request_(request) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  // False: the client has judged this host dead, so the channel is not to be served any more. Blocks: as long as the
  // actor's method likes. Errors: ProtocolError: the channel is broken.
  bool take();

  // While its method runs; see ThisCall.
  std::stop_token stop_token();
  std::int64_t deadline_ns() const { return request_.deadline_ns; }

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

  bool is_call() const { return request_.kind == wire::RequestKind::call; }
  bool is_expired() const;
  void serve();
  [[gnu::cold]] void answer_expired();
  void refuse();
  void run(const Method& method);
  std::exception_ptr call(const Method& method);
  void fail(const Method& method, const std::exception_ptr& thrown);
  [[gnu::cold]] void complain_of(const Method& method, const std::exception_ptr& thrown) const;
  void fail_call(const std::exception_ptr& thrown);
  [[gnu::cold]] bool has_stopped_as_asked(const std::exception_ptr& thrown) const;
  [[gnu::cold]] std::exception_ptr call_until_deadline(const Method& method);
  void answer_bytes(wire::ReplyKind kind, std::span<const std::byte> bytes, bool has_run);
  void answer_text(wire::ReplyKind kind, std::string_view text, bool has_run);
  void answer(wire::ReplyKind kind, bool has_run);

  const Surroundings& host_;
  Turn*& running_;
  ServedChannel& channel_;
  platform::LifeStatus& status_;
  const channel::HostEnd::Request& request_;
  bool has_entered_ = false;
  bool has_returned_ = false;  // what is thrown now is the result's, not the method's
  bool is_channel_broken_ = false;
  bool has_token_ = false;
};

}  // namespace troupe::host
