// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <unordered_map>

#include "client/call_channel.hpp"
#include "platform/control_socket.hpp"

namespace troupe::client {

class Session;

// The thread that a session sleeps in: on the manager's socket, on the events of channels whose results have callbacks, on
// their hosts' ends, and on deadlines. What to do then is the session's and the channels'.
// Thread-safety: the public functions, any thread but stop(), which must not be called in the loop.
class SessionLoop {
 public:
  SessionLoop(Session& session, platform::ControlSocket& socket, const platform::Process& manager);
  ~SessionLoop();
  SessionLoop(const SessionLoop&) = delete;
  SessionLoop& operator=(const SessionLoop&) = delete;

  void start();
  void stop();
  bool is_this_thread() const { return thread_.get_id() == std::this_thread::get_id(); }

  void watch_event(CallChannel& channel);
  void forget(CallChannel& channel);
  void expire_later(detail::ResultCell& cell, CallChannel& channel, std::chrono::steady_clock::time_point when);

 private:
  using Descriptor = boost::asio::posix::stream_descriptor;

  struct Watched {
    Watched(boost::asio::io_context& loop, CallChannel& owner);
    ~Watched();

    CallChannel& channel;
    Descriptor event;
    Descriptor host;
  };

  void await_message();
  void await_manager();
  void await_event(const std::shared_ptr<Watched>& watched);
  void await_host(const std::shared_ptr<Watched>& watched);

  Session& session_;
  platform::ControlSocket& socket_;
  boost::asio::io_context context_{1};
  Descriptor control_;
  Descriptor manager_;
  std::unordered_map<CallChannel*, std::shared_ptr<Watched>> watched_;  // the loop thread's
  std::thread thread_;
};

}  // namespace troupe::client
