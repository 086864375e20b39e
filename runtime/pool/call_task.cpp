// SPDX-License-Identifier: BSL-1.0
#include <troupe/detail/call_crew.hpp>
#include <troupe/detail/call_task.hpp>

#include <cstring>

#include "client/callback_thread.hpp"
#include "client/cell_status.hpp"
#include "client/session.hpp"

namespace troupe::detail {

using client::CallbackThread;
using client::CellAccess;

CallTask::CallTask(const RegistrationNode& node, std::size_t argument_bytes) : node_(node), argument_bytes_(argument_bytes) {
  if (argument_bytes > sizeof inline_) large_ = std::make_unique<std::byte[]>(argument_bytes);
}

// A buffer with proxies in it is kept, since it keeps them; the others' bytes take less.
CallTask::CallTask(const RegistrationNode& node, std::unique_ptr<GrowingBuffer> arguments) : CallTask(node, arguments->size()) {
  if (argument_bytes_ != 0) std::memcpy(this->arguments(), arguments->bytes().data(), argument_bytes_);
  if (arguments->carried() != nullptr) carrying_ = std::move(arguments);
}

CallTask::~CallTask() = default;

// By the reader of the worker's channel, perhaps: nothing of the user's is run or destroyed here, and nothing is waited for.
bool CallTask::note(ResultCell& call) noexcept {
  const bool is_decoded = CellAccess::is_decoded(call);
  const bool is_answered = !is_decoded || CellAccess::is_surely_value(call);
  client::Session& session = crew_->session();  // the channel keeps it; the crew may be gone after the next line
  crew_->note_over(*this, is_answered);
  if (!is_answered) return true;  // with the reference
  if (!is_decoded) return false;
  const CallbackThread::StandIn callbacks(session.callbacks());
  finish(call);
  drop();
  return true;
}

// In the thread of the callbacks: what has come is decoded by code of the user's.
void CallTask::run(ResultCell& call) { finish(call); }

}  // namespace troupe::detail
