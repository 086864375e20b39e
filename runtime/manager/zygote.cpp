// SPDX-License-Identifier: BSL-1.0
#include "manager/zygote.hpp"

#include <troupe/error.hpp>

#include <array>
#include <cstdio>
#include <new>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "platform/launch.hpp"
#include "platform/process.hpp"
#include "platform/processor.hpp"
#include "wire/control.hpp"
#include "wire/library.hpp"

namespace troupe::manager {

Zygote::Zygote(platform::ControlSocket manager, int manager_pid) : manager_(std::move(manager)), manager_pid_(manager_pid) {}

namespace {

// The stack and the heap arena of a thread that has ended lie ready for the next one: here, the control thread of each host.
void leave_a_thread_behind() {
  try {
    std::thread([] { delete new (std::nothrow) std::array<char, 64>; }).join();
  } catch (const std::system_error&) {  // no more threads are allowed: the first fork meets that, too, and says so
  }
}

}  // namespace

template <class Message>
void Zygote::send(const Message& message) const {
  manager_.send(wire::encode_message<wire::ToManagerFromZygote>(message));
}

std::optional<platform::ControlSocket> Zygote::run() {
  platform::die_with_parent(manager_pid_);
  send(wire::own_hello(platform::Process::self().pid()));
  platform::ticks_per_microsecond();  // measured here, so that no host has to
  std::string reason;
  const bool can_fork = platform::can_clone_sibling(reason);
  if (!can_fork) send(wire::ForkFailed{0, reason});
  if (can_fork) leave_a_thread_behind();
  while (auto packet = manager_.receive()) {
    if (!can_fork) continue;  // the manager executes its hosts; this process waits for its end
    if (auto socket = fork(std::move(*packet))) return socket;
  }
  return std::nullopt;
}

// The way of the child is short: each page that it touches is copied.
std::optional<platform::ControlSocket> Zygote::fork(platform::Packet packet) {
  const auto request = std::get<wire::Fork>(wire::decode_message<wire::ToZygote>(packet.bytes)).request;
  if (packet.handles_lost) {
    send(wire::ForkFailed{request, "the zygote can hold no more open files; raise RLIMIT_NOFILE, as with ulimit -n"});
    return std::nullopt;
  }
  if (packet.handles.size() != 1) throw ProtocolError("an order to fork needs one handle: the host's control socket");
  std::fflush(nullptr);  // nothing that waits in a buffer may be written twice
  try {
    const int pid = platform::clone_sibling();
    if (pid != 0) {
      send(wire::Forked{request, pid});
      return std::nullopt;
    }
  } catch (const std::system_error& error) {
    send(wire::ForkFailed{request, error.what()});
    return std::nullopt;
  }
  manager_ = {};
  platform::die_with_parent(manager_pid_);
  return platform::ControlSocket(std::move(packet.handles[0]));
}

}  // namespace troupe::manager
