// SPDX-License-Identifier: BSL-1.0
#include "host/served_channel.hpp"

#include <troupe/error.hpp>
#include <troupe/options.hpp>

#include <fmt/core.h>

#include <utility>

namespace troupe::host {
namespace {

channel::Geometry checked_geometry(const wire::ChannelOffer& offer) {
  const channel::Geometry geometry{offer.slots, offer.request_cells, offer.reply_cells};
  if (geometry.is_sane()) return geometry;
  throw ProtocolError(fmt::format("a channel of {} slots, {} request cells and {} reply cells was asked for", offer.slots,
                                  offer.request_cells, offer.reply_cells));
}

// Memory comes in whole pages, of whatever size pages are.
platform::SharedMemory adopted_requests(platform::Handle handle, const channel::Geometry& geometry) {
  constexpr std::size_t kLargestPageBytes = 64 * 1024;
  auto requests = platform::SharedMemory::adopt(std::move(handle), 0);
  const std::size_t wanted = geometry.request_bytes();
  if (requests.size_bytes() >= wanted && requests.size_bytes() - wanted < kLargestPageBytes) return requests;
  throw ProtocolError(fmt::format("the request memory has {} bytes, and its channel needs {}", requests.size_bytes(), wanted));
}

}  // namespace

OpenedChannel open_channel(std::uint64_t number, const wire::ChannelOffer& offer,
                           std::span<const wire::ModuleIdentity> client_modules, platform::Handle requests,
                           platform::Handle client_event) {
  const channel::Geometry geometry = checked_geometry(offer);
  const auto request_memory = adopted_requests(std::move(requests), geometry);
  wire::ModuleMap modules(client_modules);
  auto [event, clients_end] = platform::Event::pair();
  OpenedChannel opened{nullptr, channel::HostEnd::create_replies(geometry), channel::HostEnd::create_states(geometry),
                       std::move(clients_end)};
  opened.channel = std::shared_ptr<ServedChannel>(  // NOLINT(modernize-make-shared): clang 14 makes no aggregates so
      new ServedChannel{number,
                        {geometry, request_memory, opened.replies, opened.states, platform::Event(std::move(client_event))},
                        MethodTable(std::move(modules)),
                        channel::SpinPolicy(static_cast<Spin>(offer.spin) == Spin::learned),
                        std::move(event),
                        std::nullopt});
  opened.replies.seal_against_new_writers();
  return opened;
}

}  // namespace troupe::host
