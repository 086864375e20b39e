// SPDX-License-Identifier: BSL-1.0
#include <troupe/detail/turn_wait.hpp>

#include <algorithm>

#include "client/actor_wait.hpp"
#include "client/call_channel.hpp"
#include "client/cell_status.hpp"
#include "client/session.hpp"

namespace troupe::detail {

using client::CallChannel;
using client::CellAccess;

void TurnWait::tell(std::span<ResultCell* const> calls) {
  CallChannel* const channel = calls.empty() ? nullptr : CellAccess::channel(*calls.front());
  const auto may_be_in_vain = [&](const ResultCell* each) {
    return CellAccess::channel(*each) == channel && channel->is_awaited_for_good(*each);
  };
  if (channel == nullptr || !std::all_of(calls.begin(), calls.end(), may_be_in_vain)) return;
  number_ = channel->session().actor_wait().begin(*channel, calls, this);
  channel_ = channel;
  channel->tell_of_wait(number_);
}

void TurnWait::end() noexcept {
  if (channel_ != nullptr) channel_->session().actor_wait().end(number_);
}

}  // namespace troupe::detail
