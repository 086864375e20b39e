// SPDX-License-Identifier: BSL-1.0
#include "host/checkpoints.hpp"

#include <cxxabi.h>
#include <troupe/checkpoint.hpp>
#include <troupe/detail/growing_buffer.hpp>

#include <exception>
#include <stdexcept>

#include "host/thrown.hpp"
#include "platform/complaint.hpp"

namespace troupe::host {

namespace {

// Only in the thread that runs the actor.
thread_local Checkpoints* current = nullptr;

}  // namespace

Checkpoints::Checkpoints(const Actor& actor, std::uint32_t every, Listener& listener)
    : actor_(actor),
      every_(every),
      is_wanted_(actor.has_checkpoint() && every != wire::Construct::kNoCheckpoints),
      listener_(listener) {
  current = this;
}

Checkpoints::~Checkpoints() { current = nullptr; }

// One that fails leaves the one before in force.
void Checkpoints::take() {
  calls_ = 0;
  is_requested_ = false;
  try {
    detail::GrowingBuffer buffer(detail::GrowingBuffer::kLargestArguments, Direction::result);
    actor_.checkpoint(buffer);
    if (buffer.size() == 0) return;  // it has no state
    if (buffer.carried() != nullptr) throw std::logic_error("there are proxies in it, which it would not keep alive");
    listener_.checkpoint_taken(platform::SharedMemory::sealed_copy("a checkpoint", buffer.bytes()), buffer.size());
  } catch (abi::__forced_unwind&) {
    throw;  // this thread is being cancelled
  } catch (...) {
    platform::complain("a checkpoint was not taken, the one before stays: {}", describe(std::current_exception()));
  }
}

}  // namespace troupe::host

namespace troupe {

void request_checkpoint() {
  if (host::current == nullptr)
    throw std::logic_error("troupe::request_checkpoint is for an actor's methods, in the thread that runs them");
  host::current->request();
}

}  // namespace troupe
