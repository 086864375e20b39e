// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "platform/handle.hpp"

namespace troupe::platform {

// One message as it came: its bytes and the handles that travelled with it (all close-on-exec).
struct Packet {
  std::vector<std::byte> bytes;
  std::vector<Handle> handles;
  bool handles_lost = false;  // some found no room in this process, so there are none: the message cannot be carried out
};

enum class Sent {
  yes,
  full,  // the peer's queue has no room now
  gone,  // nobody reads there any more
};

// A connected Unix socket of the control plane (SOCK_SEQPACKET): whole messages, in order, with handles.
// Meaning of the bytes is left to wire/control. Thread-safety: send and receive may run in different threads; several
// threads may send.
class ControlSocket {
 public:
  static constexpr std::size_t kMaxMessageBytes = 128 * 1024;
  static constexpr std::size_t kMaxHandles = 16;

  ControlSocket() = default;
  explicit ControlSocket(Handle handle) : handle_(std::move(handle)) {}
  static std::pair<ControlSocket, ControlSocket> pair();

  // Sends one message whole. Blocks: while the peer's queue is full and the peer lives, until `deadline`. False: the
  // peer is gone (never SIGPIPE), or the deadline has passed. Errors: std::invalid_argument past the limits, or without a
  // byte (that would read as end-of-file); std::system_error for anything else.
  bool send(std::span<const std::byte> bytes, std::span<const int> handles = {},
            std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max()) const;

  // The same without waiting.
  Sent try_send(std::span<const std::byte> bytes, std::span<const int> handles = {}) const;

  // The next message. Blocks: until one is there, the peer is gone (nullopt) or `deadline` has passed (nullopt as well;
  // is_open() tells them apart). What a peer had sent before it went comes first. A message or handles past the limits
  // close the socket: nullopt. Errors: std::system_error (no memory).
  std::optional<Packet> receive(std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max());
  // The next message if one is there now; never blocks. is_open() is false afterwards when the peer is gone.
  std::optional<Packet> try_receive();

  bool is_open() const { return is_open_; }
  const Handle& handle() const { return handle_; }
  Handle take_handle() && { return std::move(handle_); }
  // The peer can send nothing more, and what it had sent can still be received. It sees end-of-file; a thread that waits in
  // receive() here wakes up.
  void shut_down() noexcept;

 private:
  std::nullopt_t close_down() noexcept;

  Handle handle_;
  bool is_open_ = true;  // read and written by the receiving thread only
};

}  // namespace troupe::platform
