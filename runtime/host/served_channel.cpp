// SPDX-License-Identifier: BSL-1.0
#include "host/served_channel.hpp"

#include <troupe/error.hpp>
#include <troupe/options.hpp>

#include <fmt/core.h>

#include <utility>

namespace troupe::host {
namespace {

channel::Geometry checked_geometry(const wire::ChannelOffer& offer) {
  const channel::Geometry geometry{offer.slots, offer.request_cells, offer.reply_cells, offer.payload_bytes};
  if (geometry.is_sane()) return geometry;
  throw ProtocolError(
      fmt::format("a channel of {} slots, {} request cells, {} reply cells and payloads of {} bytes was asked for", offer.slots,
                  offer.request_cells, offer.reply_cells, offer.payload_bytes));
}

// A second owner of the same memory.
platform::SharedMemory shared(const platform::SharedMemory& memory) {
  return platform::SharedMemory::adopt(memory.handle().duplicate(), memory.size_bytes());
}

}  // namespace

OpenedChannel open_channel(std::uint64_t number, const wire::ChannelOffer& offer,
                           std::span<const wire::ModuleIdentity> client_modules, std::span<platform::Handle> handles) {
  using channel::HostEnd;
  const channel::Geometry geometry = checked_geometry(offer);
  const auto requests = platform::SharedMemory::adopt(std::move(handles[0]), geometry.request_bytes());
  auto request_extents = platform::SharedMemory::adopt(std::move(handles[1]), geometry.extent_bytes());
  wire::ModuleMap modules(client_modules);
  auto [event, clients_end] = platform::Event::pair();
  OpenedChannel opened{nullptr, HostEnd::create_replies(geometry), HostEnd::create_reply_extents(geometry),
                       HostEnd::create_states(geometry), std::move(clients_end)};
  opened.channel = std::shared_ptr<ServedChannel>(  // NOLINT(modernize-make-shared): clang 14 makes no aggregates so
      new ServedChannel{number,
                        {geometry,
                         {requests, opened.replies, opened.states, std::move(request_extents), shared(opened.reply_extents)},
                         platform::Event(std::move(handles[2])),
                         offer.generation},
                        MethodTable(std::move(modules)),
                        channel::SpinPolicy(static_cast<Spin>(offer.spin) == Spin::learned),
                        std::move(event),
                        std::nullopt});
  opened.replies.seal_against_new_writers();
  return opened;
}

}  // namespace troupe::host
