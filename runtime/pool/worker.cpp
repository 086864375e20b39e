// SPDX-License-Identifier: BSL-1.0
#include <cxxabi.h>
#include <troupe/detail/pool_function.hpp>

#include <fmt/core.h>

#include <chrono>

#include "client/call_channel.hpp"
#include "client/cell_status.hpp"
#include "host/thrown.hpp"
#include "wire/exceptions.hpp"

namespace troupe::detail {
namespace {

constexpr std::size_t kMostBytes = 64 * 1024;

}  // namespace

void add_item_error(ItemErrors& errors, std::size_t index) {
  try {
    throw;
  } catch (abi::__forced_unwind&) {
    throw;  // this thread is being cancelled
  } catch (...) {
    errors.emplace_back(static_cast<std::uint32_t>(index), std::chrono::steady_clock::now().time_since_epoch().count(),
                        host::encode_within(std::current_exception(), kMostBytes));
  }
}

std::exception_ptr exception_of(const ItemErrors::value_type& error, ResultCell& call) {
  const client::CallChannel* channel = client::CellAccess::channel(call);
  const client::ActorIdentity worker = channel != nullptr ? channel->actor() : client::ActorIdentity();
  return wire::decode_exception(std::get<2>(error), {fmt::format("a pool's worker (process {})", worker.pid), worker.pid}, false);
}

}  // namespace troupe::detail
