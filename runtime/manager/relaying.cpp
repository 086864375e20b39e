// SPDX-License-Identifier: BSL-1.0
#include "manager/relaying.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace troupe::manager {

namespace {

constexpr std::size_t kMessageBytes = 32 * 1024;  // more, by one line at the most

std::uint64_t bytes_of(const std::vector<std::string>& lines) {
  std::uint64_t bytes = 0;
  for (const std::string& line : lines) bytes += line.size() + 1;
  return bytes;
}

// What the host's own count (it may lie) has grown by, since `told`.
std::uint64_t newly_lost_by(const HostRecord& host, std::uint64_t& told) {
  const std::uint64_t of_host = host.life ? host.life.status().lost_output.load(std::memory_order_relaxed) : 0;
  const std::uint64_t before = std::exchange(told, std::max(of_host, told));
  return told - before;
}

// With what was not told of the program's own slowness.
std::uint64_t newly_lost(HostRecord& host) { return newly_lost_by(host, host.lost_by_host) + std::exchange(host.lost_here, 0); }

void keep(Tables& tables, HostRecord& host, bool is_error, const std::vector<std::string>& lines) {
  const wire::ActorDescription& actor = host.actor;
  if (actor.name.empty()) return;  // nobody could ask for them
  const auto add = [&](const std::string& text, std::uint64_t lost) {
    tables.printouts.add(actor.id, actor.name, {0, actor.incarnation, is_error, text, lost});
  };
  if (const std::uint64_t lost = newly_lost_by(host, host.lost_in_printout); lost != 0) add({}, lost);
  for (const std::string& line : lines) add(line, 0);
}

// As many of the first lines as fit one message.
std::vector<std::string> take_some(std::vector<std::string>& lines) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (count < lines.size() && bytes < kMessageBytes) bytes += lines[count++].size();
  const auto end = lines.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<std::string> some(std::make_move_iterator(lines.begin()), std::make_move_iterator(end));
  lines.erase(lines.begin(), end);
  return some;
}

}  // namespace

void relay(Tables& tables, HostRecord& host, OutputStream stream, std::vector<std::string> lines) {
  keep(tables, host, stream == OutputStream::err, lines);
  const ClientRecord* program = tables.clients.find(host.spawner);
  if (program == nullptr) return;
  while (!lines.empty()) {
    if (program->peer->has_backlog()) {
      host.lost_here += bytes_of(lines);
      return;
    }
    wire::Printed printed{host.actor.id, host.actor.incarnation, stream == OutputStream::err, take_some(lines), newly_lost(host)};
    tables.clients.send(host.spawner, printed);
  }
}

void relay_last_losses(Tables& tables, HostRecord& host) {
  keep(tables, host, false, {});
  const std::uint64_t lost = newly_lost(host);
  if (lost != 0) tables.clients.send(host.spawner, wire::Printed{host.actor.id, host.actor.incarnation, false, {}, lost});
}

}  // namespace troupe::manager
