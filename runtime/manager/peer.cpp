// SPDX-License-Identifier: BSL-1.0
#include "manager/peer.hpp"

#include <troupe/error.hpp>

#include <array>
#include <exception>
#include <system_error>
#include <utility>

namespace troupe::manager {

namespace {

constexpr std::size_t kMostUnsentBytes = 4 * 1024 * 1024;
constexpr std::size_t kHandleWeight = 16 * 1024;  // a queued handle counts as much: handles are the scarcer good
constexpr int kMostPacketsPerTurn = 64;           // then others have their turn
constexpr int kMostPacketsAhead = 4096;           // more than a socket's queue can hold: what comes meanwhile may wait

// A second handle on what the caller keeps.
platform::Handle duplicate_of(int handle) {
  struct Borrowed {
    platform::Handle handle;
    ~Borrowed() { handle.release(); }
  };
  return Borrowed{platform::Handle(handle)}.handle.duplicate();
}

std::size_t weight_of(std::size_t bytes, std::size_t handles) { return bytes + handles * kHandleWeight; }

}  // namespace

Peer::Peer(Loop& loop, platform::ControlSocket socket, Callbacks callbacks)
    : loop_(loop), socket_(std::move(socket)), callbacks_(std::move(callbacks)) {}

void Peer::start() {
  watch_ = std::make_unique<HandleWatch>(loop_, socket_.handle().get(), [this] {
    const auto self = shared_from_this();
    for (int count = 0; count < kMostPacketsPerTurn && handle_next(); ++count) continue;
  });
  if (!unsent_.empty()) flush_when_writable();
}

void Peer::drain() {
  const auto self = shared_from_this();
  if (is_open_) socket_.shut_down();  // nothing more can come
  while (handle_next()) continue;
  end({});
}

bool Peer::catch_up() {
  if (is_handling_) return false;
  const auto self = shared_from_this();
  for (int count = 0; count < kMostPacketsAhead && handle_next(); ++count) continue;
  return true;
}

// False: there is none, or the connection has ended. What a message makes go wrong is the peer's own misfortune, but for want of
// memory or handles here not its fault.
bool Peer::handle_next() {
  if (!is_open_) return false;
  try {
    auto packet = socket_.try_receive();
    if (packet) {
      is_handling_ = true;
      callbacks_.on_packet(*packet);
      is_handling_ = false;
    } else if (!socket_.is_open()) {
      end({});
    }
    return packet && is_open_;
  } catch (const std::exception& error) {
    is_handling_ = false;
    end({error.what(), dynamic_cast<const ProtocolError*>(&error) != nullptr});
    return false;
  }
}

void Peer::send_bytes(std::vector<std::byte> bytes, std::span<const int> handles) {
  if (!is_open_) return;
  try {
    const auto sent = unsent_.empty() ? socket_.try_send(bytes, handles) : platform::Sent::full;
    if (sent == platform::Sent::full) enqueue(std::move(bytes), handles);
    if (sent == platform::Sent::gone) drain_later();
  } catch (const std::system_error& error) {  // no handles, or too many in flight
    end_later({error.what()});
  }
}

// Whoever sends is in the middle of something: the owner hears of the end in a turn of its own.
void Peer::end_later(Parting parting) {
  loop_.post([self = shared_from_this(), parting = std::move(parting)] { self->end(parting); });
}

// It no longer reads; what it wrote before that counts.
void Peer::drain_later() {
  loop_.post([self = shared_from_this()] { self->drain(); });
}

void Peer::enqueue(std::vector<std::byte> bytes, std::span<const int> handles) {
  unsent_bytes_ += weight_of(bytes.size(), handles.size());
  if (unsent_bytes_ > kMostUnsentBytes) return end_later({"it does not read what it is sent"});
  Unsent unsent{std::move(bytes), {}};
  for (const int handle : handles) unsent.handles.push_back(duplicate_of(handle));
  unsent_.push_back(std::move(unsent));
  if (watch_ && unsent_.size() == 1) flush_when_writable();
}

void Peer::flush_when_writable() {
  watch_->when_writable([self = shared_from_this()] {
    try {
      self->flush();
    } catch (const std::system_error& error) {
      self->end({error.what()});
    }
  });
}

void Peer::flush() {
  while (is_open_ && !unsent_.empty()) {
    const Unsent& next = unsent_.front();
    std::array<int, platform::ControlSocket::kMaxHandles> handles{};
    for (std::size_t i = 0; i < next.handles.size(); ++i) handles[i] = next.handles[i].get();
    const std::span<const int> outgoing(handles.data(), next.handles.size());
    const auto sent = socket_.try_send(next.bytes, outgoing);
    if (sent == platform::Sent::full) return flush_when_writable();
    if (sent == platform::Sent::gone) return drain();
    unsent_bytes_ -= weight_of(next.bytes.size(), next.handles.size());
    unsent_.pop_front();
  }
}

void Peer::close() {
  if (!std::exchange(is_open_, false)) return;
  watch_.reset();
  unsent_.clear();
  socket_ = platform::ControlSocket();
}

void Peer::end(const Parting& parting) {
  if (!is_open_) return;
  close();
  const auto on_gone = std::move(callbacks_.on_gone);
  on_gone(parting);
}

}  // namespace troupe::manager
