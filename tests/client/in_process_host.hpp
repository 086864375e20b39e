// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/proxy.hpp>

#include <array>
#include <atomic>
#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "channel/host_end.hpp"
#include "client/link.hpp"
#include "client/session.hpp"
#include "platform/executable.hpp"
#include "platform/futex.hpp"
#include "wire/library.hpp"
#include "wire/registry.hpp"

namespace troupe::client {

// What the host's end stands for; it answers each call with the call's own argument.
struct Echo {
  int number(int value) { return value; }
  std::string text(const std::string& value) { return value; }
  void keep(const Proxy<Echo>&) {}
};

// A session whose manager says welcome, and nothing after it.
class SilentManager {
 public:
  SilentManager() {
    number_own_nodes();
    auto [ours, theirs] = platform::ControlSocket::pair();
    socket_ = std::move(theirs);
    const int life = living_page().memory().handle().get();
    socket_.send(wire::encode_message<wire::ToClient>(wire::Welcome{wire::own_hello(1)}), std::array{life});
    session_ = Session::join(std::move(ours));
  }
  ~SilentManager() { session_->close(); }

  const std::shared_ptr<Session>& session() const { return session_; }
  // Blocks: until the client has said something of this kind; the one that it said first.
  template <class Message>
  Message await_message() {
    for (;;) {
      const auto packet = socket_.receive();
      if (!packet) throw std::runtime_error("the client has closed its session");
      const auto said = wire::decode_message<wire::ToManagerFromClient>(packet->bytes);
      if (const auto* wanted = std::get_if<Message>(&said)) return *wanted;
    }
  }

 private:
  static void number_own_nodes() {
    std::vector<wire::ModuleRange> ranges;
    for (const auto& module : platform::loaded_modules())
      ranges.push_back({module.path, module.build_id, module.begin, module.end});
    wire::number_nodes(ranges);
  }
  // Its first word stands as long as this thread does.
  static platform::LifePage& living_page() {
    static auto& page = *[] {
      auto* made = new platform::LifePage;
      made->own_by_this_thread();
      made->raise_word();
      return made;
    }();
    return page;
  }

  platform::ControlSocket socket_;
  std::shared_ptr<Session> session_;
};

// A call channel whose other end is served by a thread of this process.
class InProcessHost {
 public:
  using HostEnd = channel::HostEnd;
  // Answers a call that has been won, which finish() follows.
  using Answer = std::function<void(HostEnd& host, const HostEnd::Request& request)>;

  static void echo(HostEnd& host, const HostEnd::Request& request) {
    const auto payload = host.payload(request);
    std::byte* place = host.draft_reply(payload.size());
    if (!payload.empty()) std::memcpy(place, payload.data(), payload.size());
    host.publish_reply(request.ticket, wire::ReplyKind::value, true);
  }
  static int number_in(const HostEnd::Request& request) {
    int number = 0;
    std::memcpy(&number, request.in_ring.data(), sizeof number);
    return number;
  }

  explicit InProcessHost(const MailboxOptions& mailbox = {}, Answer answer = &InProcessHost::echo)
      : geometry_(channel::Geometry::for_mailbox(mailbox.calls, mailbox.bytes, mailbox.payload)),
        requests_(channel::ClientEnd::create_requests(geometry_)),
        replies_(HostEnd::create_replies(geometry_)),
        states_(HostEnd::create_states(geometry_)),
        request_extents_(channel::ClientEnd::create_request_extents(geometry_)),
        reply_extents_(HostEnd::create_reply_extents(geometry_)),
        raw_replies_(replies_, platform::Access::read_write),
        end_(geometry_, {requests_, replies_, states_, shared(request_extents_), shared(reply_extents_)},
             std::move(client_event_.second)),
        answer_(std::move(answer)),
        channel_(new CallChannel(manager_.session(), parts(mailbox))),
        link_(manager_.session(), wire::ActorDescription{.id = {7}}, typeid(Echo).name()) {
    link_.set_channel(*channel_);
    link_.add_handle();
    proxy_ = Proxy<Echo>(detail::LinkHandle(&link_));
    thread_ = std::thread([this] { serve(); });
  }
  ~InProcessHost() {
    stop();
    channel_->fall(Fall::runtime_stopped);  // else what this host has left unread would keep its cells, and they the channel
    proxy_ = {};
  }

  const Proxy<Echo>& proxy() const { return proxy_; }
  CallChannel& channel() { return *channel_; }
  SilentManager& manager() { return manager_; }
  channel::RepliesFront& raw_replies() { return *reinterpret_cast<channel::RepliesFront*>(raw_replies_.data()); }
  // What it is answering is the last that it starts.
  void take_no_more() { is_stopping_ = true; }
  // Serves no more; what it answers now it answers to the end. Idempotent.
  void stop() {
    is_stopping_ = true;
    end_.host_bell().state.exchange(static_cast<std::uint32_t>(channel::Rest::awake));
    platform::futex_wake(end_.host_bell().state, INT32_MAX, platform::FutexScope::shared);
    if (thread_.joinable()) thread_.join();
  }

 private:
  static platform::SharedMemory shared(const platform::SharedMemory& memory) {
    return platform::SharedMemory::adopt(memory.handle().duplicate(), memory.size_bytes());
  }
  ChannelParts parts(const MailboxOptions& mailbox) {
    ChannelParts parts;
    parts.actor = {{7}, "in process", "Echo", 1, 1};
    parts.geometry = geometry_;
    parts.when_full = mailbox.when_full == WhenFull::automatic ? WhenFull::block : mailbox.when_full;
    parts.requests = shared(requests_);
    parts.replies = shared(replies_);
    parts.states = shared(states_);
    parts.request_extents = shared(request_extents_);
    parts.reply_extents = shared(reply_extents_);
    parts.host_event = std::move(host_event_.second);
    parts.client_event = std::move(client_event_.first);
    return parts;
  }

  void serve() {
    while (!is_stopping_) {
      if (!serve_one()) rest();
    }
  }
  bool serve_one() {
    const bool has_flushed = end_.has_outbox() && end_.flush_outbox();
    if (has_flushed) end_.ring_client(true);
    const auto request = end_.next();
    if (!request) return has_flushed;
    const bool is_call = request->kind == wire::RequestKind::call;
    switch (end_.start(*request)) {
      case channel::Claim::won:
        is_call ? answer_(end_, *request) : end_.rearm(request->ticket);
        break;
      case channel::Claim::cancelled:
        end_.publish_reply(request->ticket, wire::ReplyKind::skipped, false);
        break;
      default:
        is_stopping_ = true;  // judged dead
        return true;
    }
    end_.finish(*request);
    end_.ring_client(is_call);
    return true;
  }
  void rest() {
    using Bell = channel::DoorbellProtocol<>;
    auto& bell = end_.host_bell();
    const std::uint32_t armed = Bell::arm(bell, channel::Rest::futex, end_.wants_room());
    if (!end_.has_request() && !(end_.wants_room() && end_.has_new_room()) && !is_stopping_)
      platform::futex_wait(bell.state, armed, platform::FutexScope::shared);
    Bell::disarm(bell);
  }

  SilentManager manager_;
  const channel::Geometry geometry_;
  std::pair<platform::Event, platform::Event> host_event_ = platform::Event::pair();    // the host's end, the client's
  std::pair<platform::Event, platform::Event> client_event_ = platform::Event::pair();  // the client's end, the host's
  const platform::SharedMemory requests_, replies_, states_, request_extents_, reply_extents_;
  const platform::Mapping raw_replies_;
  HostEnd end_;
  const Answer answer_;
  const ChannelReference channel_;
  Link link_;
  Proxy<Echo> proxy_;
  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace troupe::client
