// SPDX-License-Identifier: BSL-1.0
// The way of every call from a proxy to its channel; the rest of detail/link.hpp, which no call passes through, is in link.cpp.
#include <troupe/detail/growing_buffer.hpp>
#include <troupe/detail/lease.hpp>
#include <troupe/detail/link.hpp>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <stdexcept>

#include "base/serving.hpp"
#include "client/call_channel.hpp"
#include "client/link.hpp"
#include "platform/fork_mark.hpp"
#include "wire/envelope.hpp"

namespace troupe::detail {

using client::Link;

Link& checked(const LinkHandle& link) {
  if (link.get() == nullptr)
    throw std::logic_error("troupe::Proxy: this proxy is empty; assign one that spawn, find or a call gave you");
  if (platform::is_forked_child()) {
    throw std::logic_error("troupe::Proxy: this process was forked from the one that holds the proxy; only that one may use it");
  }
  return *link.get();
}

std::byte* CallWriter::reserve(std::size_t payload_bytes) {
  channel_ = link_.channel_or_null();
  if (channel_ == nullptr) {
    try {
      channel_ = &link_.channel(deadline_of_opening());
    } catch (...) {
      fail();
      return nullptr;
    }
  }
  return channel_->reserve(*this, payload_bytes);
}

// As long as there is no channel, the actor's own deadline is known where it was spawned or found.
std::chrono::steady_clock::time_point CallWriter::deadline_of_opening() const {
  const auto& own = options_ != nullptr ? options_->deadline : std::nullopt;
  const std::int64_t actors = link_.actor().deadline_ns;
  const Timeout span = own.value_or(actors != 0 ? Timeout(std::chrono::nanoseconds(actors)) : Timeout());
  using TimePoint = std::chrono::steady_clock::time_point;
  const auto own_end = span.after(std::chrono::steady_clock::now());
  return cell_ == nullptr ? own_end : std::min(own_end, TimePoint(std::chrono::nanoseconds(serving.deadline_ns)));
}

void CallWriter::send() { channel_->send(*this); }

void CallWriter::send(const GrowingBuffer& values) {
  if (values.carried() != nullptr) return send_leased(values);
  const auto payload = values.bytes();
  std::byte* place = reserve(payload.size());
  if (place == nullptr) return;
  if (!payload.empty()) std::memcpy(place, payload.data(), payload.size());
  send();
}

// The lease is with the manager before the envelope can be read, and goes back when it is not sent.
void CallWriter::send_leased(const GrowingBuffer& values) {
  Lease lease;
  try {
    lease.take(Lease::of_request(*values.carried(), link_));
  } catch (...) {
    return fail();
  }
  lease_ = lease.number();
  const auto payload = values.bytes();
  std::byte* place = reserve(payload.size() + (lease ? wire::kLeaseBytes : 0));
  if (place == nullptr) return;
  std::memcpy(place, payload.data(), payload.size());
  if (lease) std::memcpy(place + payload.size(), &lease_, wire::kLeaseBytes);
  send();
  lease.hand_over();
}

// Inside a catch block.
void CallWriter::fail() {
  if (cell_ == nullptr) throw;
  cell_->complete_with_error(std::current_exception());
  cell_->drop_reference();
}

}  // namespace troupe::detail
