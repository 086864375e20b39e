// SPDX-License-Identifier: BSL-1.0
#include "client/session_loop.hpp"

#include <boost/asio/post.hpp>

#include <utility>

#include "client/session.hpp"

namespace troupe::client {

namespace asio = boost::asio;
using boost::system::error_code;

SessionLoop::Watched::Watched(asio::io_context& loop, CallChannel& owner)
    : channel(owner), event(loop, owner.event().handle().duplicate().release()), host(loop) {
  channel.add_reference();
  if (owner.host()) host.assign(owner.host().handle().duplicate().release());
}

SessionLoop::Watched::~Watched() { channel.drop_reference(); }

SessionLoop::SessionLoop(Session& session, platform::ControlSocket& socket, const platform::Process& manager)
    : session_(session), socket_(socket), control_(context_, socket.handle().duplicate().release()), manager_(context_) {
  if (manager) manager_.assign(manager.handle().duplicate().release());
}

SessionLoop::~SessionLoop() { stop(); }

void SessionLoop::start() {
  await_message();
  await_manager();
  thread_ = std::thread([this] { context_.run(); });
}

void SessionLoop::stop() {
  context_.stop();
  if (thread_.joinable()) thread_.join();
  watched_.clear();
}

void SessionLoop::await_message() {
  control_.async_wait(Descriptor::wait_read, [this](error_code error) {
    if (error) return;
    while (auto packet = socket_.try_receive()) {
      try {
        session_.on_message(wire::decode_message<wire::ToClient>(packet->bytes), std::move(packet->handles));
      } catch (const ProtocolError&) {
        return session_.on_manager_gone();  // a manager that talks nonsense is none
      }
    }
    if (!socket_.is_open()) return session_.on_manager_gone();
    await_message();
  });
}

void SessionLoop::await_manager() {
  if (!manager_.is_open()) return;
  manager_.async_wait(Descriptor::wait_read, [this](error_code error) {
    if (!error) session_.on_manager_gone();
  });
}

void SessionLoop::watch_event(CallChannel& channel) {
  asio::post(context_, [this, watched = std::make_shared<Watched>(context_, channel)] {
    if (!watched_.try_emplace(&watched->channel, watched).second) return;
    await_event(watched);
    await_host(watched);
    watched->channel.serve();  // what came before the loop looked
  });
}

void SessionLoop::await_event(const std::shared_ptr<Watched>& watched) {
  watched->event.async_wait(Descriptor::wait_read, [this, watched](error_code error) {
    if (error || watched->channel.has_fallen()) return;
    watched->channel.serve();
    await_event(watched);
  });
}

void SessionLoop::await_host(const std::shared_ptr<Watched>& watched) {
  if (!watched->host.is_open()) return;
  watched->host.async_wait(Descriptor::wait_read, [this, watched](error_code error) {
    if (error) return;
    watched->channel.fall(session_.has_manager_fallen() ? Fall::manager_died : Fall::host_died);
    watched_.erase(&watched->channel);
  });
}

void SessionLoop::forget(CallChannel& channel) {
  if (auto found = watched_.find(&channel); found != watched_.end()) {
    found->second->event.cancel();
    found->second->host.cancel();
    watched_.erase(found);
  }
}

void SessionLoop::expire_later(detail::ResultCell& cell, CallChannel& channel, std::chrono::steady_clock::time_point when) {
  cell.add_reference();
  channel.add_reference();
  const auto kept = std::shared_ptr<void>(nullptr, [&cell, &channel](void*) {
    cell.drop_reference();
    channel.drop_reference();
  });
  auto timer = std::make_shared<asio::steady_timer>(context_, when);
  timer->async_wait([timer, kept, &cell, &channel](error_code error) {
    if (!error) channel.expire_if_due(cell);
  });
}

}  // namespace troupe::client
