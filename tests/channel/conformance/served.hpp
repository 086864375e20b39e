// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <exception>
#include <thread>
#include <utility>

#include "platform/process.hpp"
#include "tests/channel/conformance/channels.hpp"
#include "tests/channel/conformance/talk.hpp"

// A host that serves a channel on its own: in a thread, or in a process.
namespace troupe::channel {

// What the serving host does with a request.
constexpr wire::MethodId kEcho{1};
constexpr wire::MethodId kEnlarge{2};  // answers with the largest reply that there is; it begins with what was sent
constexpr wire::MethodId kCount{3};    // answers with how many tells have come; itself a call
constexpr wire::MethodId kRefuse{4};   // does not run it
constexpr wire::MethodId kStop{5};     // the last request

struct ServedCounts {
  std::uint64_t tells = 0;
};

template <class Host>
void answer(Host& host, const typename Host::Request& request, ServedCounts& counts) {
  if (request.kind == wire::RequestKind::tell) {
    ++counts.tells;
    host.rearm(request.ticket);
  } else if (request.method.value == kRefuse.value) {
    reply(host, request.ticket, {}, wire::ReplyKind::expired, false);
  } else if (request.method.value == kCount.value) {
    reply(host, request.ticket, std::as_bytes(std::span(&counts.tells, 1)));
  } else {
    Bytes bytes = copy(host.payload(request));
    if (request.method.value == kEnlarge.value) bytes.resize(host.geometry().payload_bytes);
    reply(host, request.ticket, bytes);
  }
}

template <class Host>
void take_turn(Host& host, const typename Host::Request& request, Claim claim, ServedCounts& counts) {
  if (claim == Claim::broken) throw std::logic_error("an honest client's slot word is broken");
  if (claim == Claim::won) {
    answer(host, request, counts);
  } else if (request.kind == wire::RequestKind::call) {
    reply(host, request.ticket, {}, wire::ReplyKind::skipped, false);
  } else {
    host.rearm(request.ticket);
  }
  host.finish(request);
}

// What the client has not been rung for yet.
enum class Owed : std::uint8_t { nothing, room, reply };

// Blocks: until kStop was served and all replies have gone out, or the client has judged this host dead. Rings for a turn
// behind the next start, as a host does that has much to do.
template <class Channel>
void serve_until_stopped(typename Channel::Host& host) {
  ServedCounts counts;
  Owed owed = Owed::nothing;
  for (bool has_to_stop = false; !has_to_stop || host.has_outbox();) {
    if (host.has_outbox() && host.flush_outbox()) owed = Owed::reply;
    const auto request = host.next();
    if (!request) {
      if (owed != Owed::nothing) host.ring_client(std::exchange(owed, Owed::nothing) == Owed::reply);
      if (!has_to_stop || host.has_outbox()) Channel::wait(host);
      continue;
    }
    has_to_stop = request->method.value == kStop.value;
    const Claim claim = host.start(*request);
    if (owed != Owed::nothing) host.ring_client_behind_start(owed == Owed::reply);
    if (claim == Claim::fenced) return;
    take_turn(host, *request, claim, counts);
    owed = request->kind == wire::RequestKind::call ? Owed::reply : Owed::room;
  }
  if (owed != Owed::nothing) host.ring_client(owed == Owed::reply);
}

template <class Channel>
class ThreadHost {
 public:
  using Served = Channel;

  explicit ThreadHost(Channel& channel) : thread_([&channel] { serve_until_stopped<Channel>(channel.host); }) {}
  // Blocks: until the host has stopped.
  void join() { thread_.join(); }

 private:
  std::thread thread_;
};

template <class Channel>
class ProcessHost {
 public:
  using Served = Channel;

  explicit ProcessHost(Channel& channel) {
    const int pid = ::fork();
    if (pid == 0) run(channel);
    process_ = platform::Process::open(pid);
  }
  ~ProcessHost() {
    process_.kill();
    join();
  }
  ProcessHost(const ProcessHost&) = delete;
  ProcessHost& operator=(const ProcessHost&) = delete;

  void join() {
    process_.wait_ended();
    (void)process_.reap();
  }

 private:
  [[noreturn]] static void run(Channel& channel) {
    try {
      serve_until_stopped<Channel>(channel.host);
    } catch (const std::exception&) {
      ::_exit(1);
    }
    ::_exit(0);
  }

  platform::Process process_;
};

// The client's side of calls to such a host.
template <class Channel>
class Caller {
 public:
  explicit Caller(Channel& channel) : client_(channel.client) {}

  // Blocks: until there is a slot and room. Replies that come meanwhile are given to `take`.
  template <class Take>
  Ticket send(std::span<const std::byte> payload, wire::MethodId method, wire::RequestKind kind, Take take) {
    for (;;) {
      const std::uint64_t progress = client_.host_progress();
      if (const auto ticket = try_send(client_, payload, kind, method)) {
        client_.ring_host();
        return *ticket;
      }
      if (!receive_ready(take)) Channel::wait(client_, progress);
    }
  }

  template <class Take>
  bool receive_ready(Take take) {
    bool has_received = false;
    for (; const auto reply = client_.next_reply(); has_received = true) {
      take(*reply);
      client_.finish(*reply);
    }
    if (has_received) client_.settle();
    return has_received;
  }

  // Blocks: until a reply came.
  template <class Take>
  void receive(Take take) {
    while (!receive_ready(take)) Channel::wait(client_);
  }

  // One call with nothing else under way.
  Bytes call(std::span<const std::byte> payload, wire::MethodId method) {
    Bytes result;
    const auto take = [&](const auto& reply) { result = copy(client_.payload(reply)); };
    send(payload, method, wire::RequestKind::call, take);
    receive(take);
    return result;
  }

 private:
  typename Channel::Client& client_;
};

}  // namespace troupe::channel
