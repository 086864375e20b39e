// SPDX-License-Identifier: BSL-1.0
#include "platform/control_socket.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <stdexcept>

#include "platform/control_socket_linux.hpp"
#include "platform/os_error.hpp"
#include "platform/poll.hpp"

namespace troupe::platform {
namespace {

// Room for the descriptors of one message, aligned as the kernel wants it.
struct alignas(cmsghdr) HandleSpace {
  std::array<std::byte, CMSG_SPACE(ControlSocket::kMaxHandles * sizeof(int))> bytes{};
};

bool is_gone(int error) { return error == EPIPE || error == ECONNRESET || error == ECONNREFUSED || error == ENOTCONN; }

msghdr header_for(iovec& piece) {
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  return header;
}

void attach(msghdr& header, HandleSpace& space, std::span<const int> handles) {
  header.msg_control = space.bytes.data();
  header.msg_controllen = CMSG_SPACE(handles.size_bytes());
  cmsghdr* control = CMSG_FIRSTHDR(&header);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(handles.size_bytes());
  std::memcpy(CMSG_DATA(control), handles.data(), handles.size_bytes());
}

// All descriptors that the kernel has put into this process with a message, so that none is lost: they are owned before
// anything is allocated for them.
std::vector<Handle> take_handles(msghdr& header) {
  std::array<Handle, ControlSocket::kMaxHandles> owned;
  std::size_t owned_count = 0;
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr; control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int descriptor = -1;
      std::memcpy(&descriptor, CMSG_DATA(control) + i * sizeof(int), sizeof(int));
      owned.at(owned_count++) = Handle(descriptor);
    }
  }
  return {std::make_move_iterator(owned.begin()),
          std::make_move_iterator(owned.begin() + static_cast<std::ptrdiff_t>(owned_count))};
}

// The kernel has no memory for a message at this moment: it stays where it is, and may be tried again.
bool is_short_of_memory(int error) { return error == ENOMEM || error == ENOBUFS; }

// A call of recv or recvmsg, made again after a signal, and after ECONNRESET: the kernel reports that (once) when a peer
// went away with messages unread, ahead of what the peer had sent before. Negative: nothing can be had now.
template <class Call>
ssize_t receive_now(Call call) {
  for (;;) {
    const ssize_t size = call();
    const int error = errno;
    if (size >= 0 || error == EAGAIN || is_short_of_memory(error)) return size;
    if (error != EINTR && error != ECONNRESET) throw_os_error(error, "receiving a control message");
  }
}

void check_limits(std::size_t bytes, std::size_t handles) {
  if (bytes == 0 || bytes > ControlSocket::kMaxMessageBytes) throw std::invalid_argument("control message: 1 byte to 128 KiB");
  if (handles > ControlSocket::kMaxHandles) throw std::invalid_argument("control message: at most 16 handles");
}

}  // namespace

void widen_control_socket(int descriptor) {
  constexpr int kBytes = 2 * ControlSocket::kMaxMessageBytes;
  (void)::setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &kBytes, sizeof(kBytes));
}

std::pair<ControlSocket, ControlSocket> ControlSocket::pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw_os_error(errno, "creating a control socket");
  for (const int end : ends) widen_control_socket(end);
  return {ControlSocket(Handle(ends[0])), ControlSocket(Handle(ends[1]))};
}

bool ControlSocket::send(std::span<const std::byte> bytes, std::span<const int> handles,
                         std::chrono::steady_clock::time_point deadline) const {
  for (;;) {
    const Sent sent = try_send(bytes, handles);
    if (sent != Sent::full) return sent == Sent::yes;
    if (!wait_ready(handle_.get(), ReadyTo::write, deadline)) return false;
  }
}

Sent ControlSocket::try_send(std::span<const std::byte> bytes, std::span<const int> handles) const {
  check_limits(bytes.size(), handles.size());
  iovec piece{const_cast<std::byte*>(bytes.data()), bytes.size()};
  msghdr header = header_for(piece);
  HandleSpace space;
  if (!handles.empty()) attach(header, space, handles);
  while (::sendmsg(handle_.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    const int error = errno;
    if (is_gone(error)) return Sent::gone;
    if (error == EAGAIN || is_short_of_memory(error)) return Sent::full;
    if (error != EINTR) throw_os_error(error, "sending a control message");
  }
  return Sent::yes;
}

std::optional<Packet> ControlSocket::try_receive() {
  if (!is_open_) return std::nullopt;
  const int socket = handle_.get();
  const ssize_t size = receive_now([socket] { return ::recv(socket, nullptr, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT); });
  if (size < 0) return std::nullopt;
  if (size == 0 || static_cast<std::size_t>(size) > kMaxMessageBytes) return close_down();
  Packet packet{std::vector<std::byte>(static_cast<std::size_t>(size)), {}, false};
  iovec piece{packet.bytes.data(), packet.bytes.size()};
  HandleSpace space;
  msghdr header = header_for(piece);
  header.msg_control = space.bytes.data();
  header.msg_controllen = space.bytes.size();
  const ssize_t received = receive_now([socket, &header] { return ::recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC); });
  if (received < 0) return std::nullopt;
  packet.handles = take_handles(header);
  const bool is_cut = (header.msg_flags & MSG_CTRUNC) != 0;
  if (received != size || (is_cut && packet.handles.size() == kMaxHandles)) return close_down();
  packet.handles_lost = is_cut;
  if (is_cut) packet.handles.clear();
  return packet;
}

std::nullopt_t ControlSocket::close_down() noexcept {
  is_open_ = false;
  shut_down();
  return std::nullopt;
}

std::optional<Packet> ControlSocket::receive(std::chrono::steady_clock::time_point deadline) {
  for (;;) {
    if (auto packet = try_receive()) return packet;
    if (!is_open_ || !wait_ready(handle_.get(), ReadyTo::read, deadline)) return std::nullopt;
  }
}

void ControlSocket::shut_down() noexcept { (void)::shutdown(handle_.get(), SHUT_RDWR); }

}  // namespace troupe::platform
