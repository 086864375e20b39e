// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "client/call_channel.hpp"
#include "platform/asio_objects.hpp"
#include "platform/control_socket.hpp"
#include "platform/process.hpp"

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

  void watch_event(CallChannel& channel);
  void forget(CallChannel& channel);  // in the loop
  void expire_later(detail::ResultCell& cell, CallChannel& channel);
  void forget_expiry(detail::ResultCell& cell);  // it has its outcome

 private:
  // What the loop sleeps on holds channels, and channels hold the session that owns the loop: so all of it is owned by the
  // two maps below, never by a handler, and goes with stop().
  struct Watched {
    Watched(boost::asio::io_context& loop, CallChannel& owner);

    CallChannel& channel;
    const ChannelReference reference;
    platform::Descriptor event;
    platform::Descriptor host;
  };
  struct DropCell {
    void operator()(detail::ResultCell* cell) const noexcept { cell->drop_reference(); }
  };
  using CellReference = std::unique_ptr<detail::ResultCell, DropCell>;
  struct Expiry {
    Expiry(boost::asio::io_context& loop, detail::ResultCell& expiring, CallChannel& owner);
    ~Expiry();

    detail::ResultCell& cell;
    CallChannel& channel;
    platform::Timer timer;
  };

  void run();
  void await_message();
  void await_manager();
  void accept_new();
  void await_event(Watched& watched);
  void await_host(Watched& watched);
  void await_expiry(const detail::ResultCell* key, Expiry& expiry);

  Session& session_;
  platform::ControlSocket& socket_;
  boost::asio::io_context context_{1};
  platform::Descriptor control_;
  platform::Descriptor manager_;
  std::thread thread_;
  // The loop thread's:
  std::unordered_map<CallChannel*, std::unique_ptr<Watched>> watched_;
  std::unordered_map<const detail::ResultCell*, std::unique_ptr<Expiry>> expiries_;

  std::mutex new_mutex_;
  // Guarded by new_mutex_:
  bool is_stopped_ = false;
  std::vector<std::unique_ptr<Watched>> new_watched_;
  std::vector<std::unique_ptr<Expiry>> new_expiries_;
  std::vector<CellReference> new_forgotten_;
};

}  // namespace troupe::client
