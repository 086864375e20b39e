// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/streams.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "channel/host_end.hpp"
#include "channel/spin.hpp"
#include "host/method_table.hpp"
#include "platform/event.hpp"
#include "platform/handle.hpp"
#include "platform/memory.hpp"
#include "wire/control.hpp"
#include "wire/registry.hpp"

namespace troupe::host {

// What a client that sleeps is still to be woken for.
enum class Owed : std::uint8_t { nothing, room, reply };

// One client's channel as this host serves it. Made by the control thread, used by the dispatcher, which lets go of it.
// Thread-safety: the dispatcher's thread; but end.taken() and end.published_by_client() anywhere.
struct ServedChannel {
  const std::uint64_t number;  // the manager's
  channel::HostEnd end;
  MethodTable methods;
  channel::SpinPolicy spin;
  const platform::Event event;        // its client signals the other end when the dispatcher sleeps on events
  std::optional<unsigned> life_word;  // in the host's life page; set before the dispatcher sees the channel
  Owed owed = Owed::nothing;          // by the turns so far
  bool is_in_event_set = false;       // the sleeper's
  std::uint64_t drain_until = 0;      // when stopping: how many requests had been sent by then
  detail::Streams streams{};          // code of the user's: the dispatcher destroys what is in them
};

// A channel just made, the memories that its client maps, too, and the client's end of the host's event.
struct OpenedChannel {
  std::shared_ptr<ServedChannel> channel;
  platform::SharedMemory replies;
  platform::SharedMemory reply_extents;
  platform::SharedMemory states;
  platform::Event host_event;
};

// Makes the host's end of a channel. `handles`: the offer's. Errors: ProtocolError (what came from the client is no
// channel's), IncompatibleInterface, std::system_error (no memory, no handles).
OpenedChannel open_channel(std::uint64_t number, const wire::ChannelOffer& offer,
                           std::span<const wire::ModuleIdentity> client_modules, std::span<platform::Handle> handles);

}  // namespace troupe::host
