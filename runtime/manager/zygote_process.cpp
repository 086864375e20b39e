// SPDX-License-Identifier: BSL-1.0
#include "manager/zygote_process.hpp"

#include <troupe/error.hpp>

#include <fmt/core.h>

#include <chrono>
#include <utility>
#include <variant>

#include "platform/launch.hpp"

namespace troupe::manager {

namespace {

// How long a zygote that has closed its socket may take to end by itself, so that its exit status can be told.
constexpr std::chrono::seconds kTimeToEnd(1);

}  // namespace

ZygoteProcess::ZygoteProcess(Loop& loop, Children& children, const Program& program, bool binds_early, Listener& listener)
    : program_(program), binds_early_(binds_early), listener_(listener), silence_(loop) {
  auto [ours, theirs] = platform::ControlSocket::pair();
  auto process = platform::launch({.executable = program.executable->get(),
                                   .path = program.path,
                                   .role = "zygote",
                                   .socket = theirs.handle().get(),
                                   .binds_early = binds_early});
  child_ = std::make_unique<Child>(loop, children, std::move(process), [this](const auto& end) { on_end(end); });
  peer_ = std::make_shared<Peer>(loop, std::move(ours),
                                 Peer::Callbacks{[this](const platform::Packet& packet) { on_packet(packet); },
                                                 [this](const Peer::Parting& parting) { on_gone(parting.reason); }});
  peer_->start();
}

ZygoteProcess::~ZygoteProcess() { peer_->close(); }

void ZygoteProcess::fork(std::uint64_t request, const platform::ControlSocket& host_socket) {
  const int handle = host_socket.handle().get();
  peer_->send<wire::ToZygote>(wire::Fork{request}, {&handle, 1});
}

void ZygoteProcess::on_packet(const platform::Packet& packet) {
  const auto message = wire::decode_message<wire::ToManagerFromZygote>(packet.bytes);
  std::visit([this](const auto& each) { on(each); }, message);
}

void ZygoteProcess::on(const wire::Hello& hello) {
  if (hello.protocol != wire::kProtocolVersion) throw ProtocolError("it speaks another version of the protocol");
  const std::string build_id = hello.modules.empty() ? std::string() : hello.modules[0].build_id;
  if (build_id != program_.build_id) {
    is_hopeless_ = true;
    throw ProtocolError(
        fmt::format("it is another build than its client: build id {} instead of {}", build_id, program_.build_id));
  }
  is_ready_ = true;
  listener_.zygote_ready();
}

void ZygoteProcess::on(const wire::Forked& forked) {
  if (!is_ready_) throw ProtocolError("it answers before it says hello");
  listener_.forked(forked.request, forked.pid);
}

void ZygoteProcess::on(const wire::ForkFailed& failed) {
  if (failed.request == 0) return listener_.zygote_cannot_fork(failed.reason);
  listener_.fork_failed(failed.request, failed.reason);
}

void ZygoteProcess::on(const wire::GuardMissing& missing) {
  is_hopeless_ = true;
  complaint_ = missing.what;
}

void ZygoteProcess::on_gone(const std::string& reason) {
  if (complaint_.empty()) complaint_ = reason;
  if (!reason.empty()) return child_->kill();
  silence_.start(kTimeToEnd, [this] { child_->kill(); });
}

// What it said before its end comes first: children that it has reported live on.
void ZygoteProcess::on_end(const platform::ChildEnd& end) {
  peer_->drain();
  peer_->close();
  silence_.cancel();
  listener_.zygote_ended(reason_for_end(end), chance_after(end));
}

ZygoteProcess::Chance ZygoteProcess::chance_after(const platform::ChildEnd& end) const {
  if (is_hopeless_) return Chance::none;
  if (is_ready_ || end.status.signal != 0) return Chance::good;
  if (binds_early_ && end.status.exit_code == platform::kUnbound) return Chance::if_bound_late;
  return Chance::none;  // the program has run to its end instead
}

std::string ZygoteProcess::reason_for_end(const platform::ChildEnd& end) const {
  if (!complaint_.empty()) return fmt::format("{} as zygote: {}", program_.path, complaint_);
  if (!is_ready_) return early_end(end.is_lost ? std::nullopt : std::optional(end.status), program_);
  return fmt::format("{} as zygote {}", program_.path, detail::text_of_end(end.status));
}

}  // namespace troupe::manager
