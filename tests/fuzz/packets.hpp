// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "channel/client_end.hpp"
#include "channel/geometry.hpp"
#include "channel/host_end.hpp"
#include "platform/control_socket.hpp"
#include "platform/event.hpp"
#include "platform/handle.hpp"
#include "platform/life_page.hpp"
#include "platform/memory.hpp"
#include "platform/process.hpp"
#include "tests/fuzz/input.hpp"
#include "wire/control.hpp"

// What a rogue peer puts into a control socket: messages as an honest one writes them, then changed, with the handles that
// they should have, or others, or none.
namespace troupe::fuzz {

inline constexpr std::size_t kMostPayload = 10'000;
inline constexpr channel::Geometry kGeometry{4, channel::Geometry::kMinCells, channel::Geometry::kMinCells + 4, kMostPayload};
inline wire::ChannelOffer offer() {
  return {kGeometry.slots, kGeometry.request_cells, kGeometry.reply_cells, kGeometry.payload_bytes};
}

using Handles = std::vector<platform::Handle>;

inline platform::Handle copy_of(const platform::Handle& handle) { return handle.duplicate(); }

// What a handle can be of. Those that never change are made once.
class Things {
 public:
  platform::Handle event() const { return copy_of(event_.second.handle()); }
  platform::Handle requests() const { return copy_of(requests_.handle()); }
  platform::Handle replies() const { return copy_of(replies_.handle()); }
  platform::Handle request_extents() const { return copy_of(request_extents_.handle()); }
  platform::Handle reply_extents() const { return copy_of(reply_extents_.handle()); }
  platform::Handle states() const { return copy_of(states_.handle()); }
  platform::Handle life_page() const { return copy_of(life_page_.memory().handle()); }
  platform::Handle process() const { return copy_of(self_.handle()); }
  platform::Handle socket() const { return platform::ControlSocket::pair().first.handle().duplicate(); }

  platform::Handle any(Input& input) const {
    constexpr std::array kKinds{&Things::event,     &Things::requests,      &Things::request_extents,
                                &Things::replies,   &Things::reply_extents, &Things::states,
                                &Things::life_page, &Things::process,       &Things::socket};
    return (this->*kKinds[input.below(kKinds.size())])();
  }

  Handles for_request() const { return handles(requests(), request_extents(), event()); }
  Handles for_answer() const { return handles(replies(), reply_extents(), states(), life_page(), event()); }

  template <class... Handle>
  static Handles handles(Handle... each) {
    Handles all;
    (all.push_back(std::move(each)), ...);
    return all;
  }

 private:
  const std::pair<platform::Event, platform::Event> event_ = platform::Event::pair();
  const platform::SharedMemory requests_ = channel::ClientEnd::create_requests(kGeometry);
  const platform::SharedMemory replies_ = channel::HostEnd::create_replies(kGeometry);
  const platform::SharedMemory request_extents_ = channel::ClientEnd::create_request_extents(kGeometry);
  const platform::SharedMemory reply_extents_ = channel::HostEnd::create_reply_extents(kGeometry);
  const platform::SharedMemory states_ = channel::HostEnd::create_states(kGeometry);
  const platform::LifePage life_page_{};
  const platform::Process self_ = platform::Process::self();
};

// Changes some bytes, cuts the end off, or adds to it; as a rule nothing.
inline void spoil(Input& input, std::vector<std::byte>& bytes) {
  const unsigned how = input.below(8);
  if (how == 7) bytes.resize(input.byte());
  for (unsigned count = how % 4; count > 0 && !bytes.empty(); --count) {
    const std::size_t at = (std::size_t{input.byte()} << 8 | input.byte()) % bytes.size();
    bytes[at] = static_cast<std::byte>(input.byte());
  }
}

inline void spoil(Input& input, Handles& handles, const Things& things) {
  const unsigned how = input.below(8);
  if (how == 7) handles.clear();
  if (how == 6) handles.push_back(things.any(input));
  if (how == 5 && !handles.empty()) handles[input.below(static_cast<unsigned>(handles.size()))] = things.any(input);
}

inline bool send(const platform::ControlSocket& socket, const std::vector<std::byte>& bytes, const Handles& handles) {
  std::vector<int> numbers;
  for (const auto& handle : handles) numbers.push_back(handle.get());
  return !bytes.empty() && socket.try_send(bytes, numbers) == platform::Sent::yes;
}

// A rogue peer's end of a control socket.
template <class Vocabulary>
class Rogue {
 public:
  Rogue(platform::ControlSocket socket, const Things& things) : socket_(std::move(socket)), things_(&things) {}

  template <class Message>
  void say(Input& input, const Message& message, Handles handles = {}) {
    auto bytes = wire::encode_message<Vocabulary>(message);
    spoil(input, bytes);
    spoil(input, handles, *things_);
    send(socket_, bytes, handles);
  }
  void babble(Input& input) {
    const auto bytes = input.take(input.byte());
    Handles handles;
    for (unsigned count = input.below(4); count > 0; --count) handles.push_back(things_->any(input));
    send(socket_, {bytes.begin(), bytes.end()}, handles);
  }
  // Takes what has come, so that the other side never finds the socket full.
  void read_all() {
    while (socket_.try_receive()) continue;
  }

  platform::ControlSocket& socket() { return socket_; }

 private:
  platform::ControlSocket socket_;
  const Things* things_;
};

}  // namespace troupe::fuzz
