// SPDX-License-Identifier: BSL-1.0
#include "client/session_loop.hpp"

#include <boost/system/system_error.hpp>

#include <exception>
#include <system_error>
#include <utility>

#include "client/session.hpp"
#include "client/started_thread.hpp"
#include "platform/complaint.hpp"

namespace troupe::client {

namespace asio = boost::asio;

namespace {

// In the terms of those who construct a Runtime.
[[noreturn]] void throw_as_std(const boost::system::system_error& error) { throw std::system_error(error.code(), error.what()); }

// Asio owns a handle only when it has taken it.
void give(platform::Handle handle, platform::Descriptor& descriptor) try {
  descriptor.assign(handle.get());
  handle.release();
} catch (const boost::system::system_error& error) {
  throw_as_std(error);
}

}  // namespace

SessionLoop::Watched::Watched(asio::io_context& loop, CallChannel& owner)
    : channel(owner), reference((owner.add_reference(), &owner)), event(loop), host(loop) {
  give(owner.event().handle().duplicate(), event);
  if (owner.host()) give(owner.host().duplicate(), host);
}

SessionLoop::Expiry::Expiry(asio::io_context& loop, detail::ResultCell& expiring, CallChannel& owner)
    : cell(expiring), channel(owner), timer(loop, CallChannel::deadline_of(expiring)) {
  cell.add_reference();
  channel.add_reference();
}

SessionLoop::Expiry::~Expiry() {
  cell.drop_reference();
  channel.drop_reference();
}

SessionLoop::SessionLoop(Session& session, platform::ControlSocket& socket, const platform::Process& manager) try
    : session_(session), socket_(socket), control_(context_), manager_(context_) {
  give(socket.handle().duplicate(), control_);
  if (manager) give(manager.handle().duplicate(), manager_);
} catch (const boost::system::system_error& error) {
  throw_as_std(error);
}

SessionLoop::~SessionLoop() { stop(); }

void SessionLoop::start() {
  await_message();
  await_manager();
  thread_ = started_thread([this] { run(); });
}

// What fails here (for want of memory or handles) fails between a message and those who wait for it, and nobody knows which
// waits would never end: so all of them end now.
void SessionLoop::run() {
  for (;;) {
    try {
      context_.run();
      return;
    } catch (const std::exception&) {
      session_.on_manager_gone();
    }
  }
}

void SessionLoop::stop() {
  context_.stop();
  if (thread_.joinable()) thread_.join();
  watched_.clear();
  expiries_.clear();
  std::vector<std::unique_ptr<Watched>> watched;
  std::vector<std::unique_ptr<Expiry>> expiries;
  std::vector<CellReference> forgotten;
  const std::lock_guard lock(new_mutex_);
  is_stopped_ = true;
  watched.swap(new_watched_);
  expiries.swap(new_expiries_);
  forgotten.swap(new_forgotten_);
}

void SessionLoop::await_message() {
  platform::when_readable(control_, [this] {
    try {
      while (auto packet = socket_.try_receive())
        session_.on_message(wire::decode_message<wire::ToClient>(packet->bytes), std::move(packet->handles));
    } catch (const std::exception& reason) {  // a manager that talks nonsense is none, and neither one that cannot be heard
      platform::complain("the connection to the manager is given up: {}", reason.what());
      return session_.on_manager_gone();
    }
    if (!socket_.is_open()) return session_.on_manager_gone();
    await_message();
  });
}

void SessionLoop::await_manager() {
  if (!manager_.is_open()) return;
  platform::when_readable(manager_, [this] { session_.on_manager_gone(); });
}

void SessionLoop::watch_event(CallChannel& channel) {
  const std::lock_guard lock(new_mutex_);
  if (is_stopped_) return;
  new_watched_.push_back(std::make_unique<Watched>(context_, channel));
  platform::post(context_, [this] { accept_new(); });
}

void SessionLoop::expire_later(detail::ResultCell& cell, CallChannel& channel) {
  const std::lock_guard lock(new_mutex_);
  if (is_stopped_) return;
  new_expiries_.push_back(std::make_unique<Expiry>(context_, cell, channel));
  platform::post(context_, [this] { accept_new(); });
}

void SessionLoop::forget_expiry(detail::ResultCell& cell) {
  const std::lock_guard lock(new_mutex_);
  if (is_stopped_) return;
  cell.add_reference();  // until it is forgotten, nobody else can have its address
  new_forgotten_.emplace_back(&cell);
  platform::post(context_, [this] { accept_new(); });
}

void SessionLoop::accept_new() {
  std::vector<std::unique_ptr<Watched>> watched;
  std::vector<std::unique_ptr<Expiry>> expiries;
  std::vector<CellReference> forgotten;
  {
    const std::lock_guard lock(new_mutex_);
    watched.swap(new_watched_);
    expiries.swap(new_expiries_);
    forgotten.swap(new_forgotten_);
  }
  for (auto& each : watched) {
    const auto entry = watched_.try_emplace(&each->channel, nullptr).first;
    entry->second = std::move(each);  // the last one has the newest handles: a channel's change from life to life
    await_event(*entry->second);
    await_host(*entry->second);
    entry->first->serve();  // what came before the loop looked
  }
  for (auto& each : expiries) {
    const auto* key = &each->cell;
    await_expiry(key, *(expiries_[key] = std::move(each)));
  }
  for (const auto& cell : forgotten) expiries_.erase(cell.get());  // behind the expiries: one of them may be meant
}

void SessionLoop::await_event(Watched& watched) {
  platform::when_readable(watched.event, [this, &watched] {
    if (watched.channel.has_fallen()) return;
    if (watched.channel.serve()) await_event(watched);
  });
}

void SessionLoop::await_host(Watched& watched) {
  if (!watched.host.is_open()) return;
  platform::when_readable(watched.host, [this, &watched] {
    watched.channel.fall(session_.has_manager_fallen() ? Fall::manager_died : Fall::host_died);
    forget(watched.channel);
  });
}

void SessionLoop::forget(CallChannel& channel) { watched_.erase(&channel); }

// A timer that was forgotten when it had fired already is not cancelled any more: so each looks whether it is still meant.
void SessionLoop::await_expiry(const detail::ResultCell* key, Expiry& expiry) {
  platform::when_due(expiry.timer, [this, key] {
    const auto found = expiries_.find(key);
    if (found == expiries_.end() || found->second->timer.expiry() > std::chrono::steady_clock::now()) return;
    const auto due = std::move(found->second);
    expiries_.erase(found);
    due->channel.expire_if_due(due->cell);
  });
}

}  // namespace troupe::client
