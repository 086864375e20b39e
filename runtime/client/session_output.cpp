// SPDX-License-Identifier: BSL-1.0
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "client/session.hpp"

namespace troupe::client {

namespace {

constexpr std::size_t kMostUnheardBytes = std::size_t{1} << 20;

std::size_t bytes_of(const wire::Printed& printed) {
  std::size_t bytes = 0;
  for (const std::string& line : printed.lines) bytes += line.size() + 1;
  return bytes;
}

using Callbacks = std::vector<std::shared_ptr<detail::EventCallback>>;

void tell_of_lines(const Callbacks& callbacks, wire::Printed& printed) {
  Output output{
      printed.actor, printed.incarnation, printed.is_error ? OutputStream::err : OutputStream::out, {}, printed.lost_bytes};
  for (std::string& line : printed.lines) {
    output.line = std::move(line);
    const RuntimeEvent event = std::exchange(output, {output.actor, output.incarnation, output.stream, {}, 0});
    for (const auto& callback : callbacks) run_reporting("callback of on_event", [&] { callback->run(event); });
  }
}

}  // namespace

// Callbacks may be slower than who prints: so much waits for them, and the rest is lost. What is lost is told with the next line,
// or with the end.
void Session::on_printed(wire::Printed printed) {
  Callbacks callbacks;
  {
    const std::lock_guard lock(mutex_);
    callbacks = event_callbacks_;
  }
  if (callbacks.empty()) return;
  const std::size_t bytes = bytes_of(printed);
  if (printed.lines.empty() || unheard_output_->load() > kMostUnheardBytes) {
    lost_output_[printed.actor] += printed.lost_bytes + bytes;
    return;
  }
  if (const auto lost = lost_output_.extract(printed.actor)) printed.lost_bytes += lost.mapped();
  unheard_output_->fetch_add(bytes);
  callbacks_.post([callbacks = std::move(callbacks), printed = std::move(printed), unheard = unheard_output_, bytes]() mutable {
    tell_of_lines(callbacks, printed);
    unheard->fetch_sub(bytes);
  });
}

void Session::tell_of_lost_output(ActorId actor, unsigned incarnation) {
  const auto lost = lost_output_.extract(actor);
  if (lost) emit(Output{.actor = actor, .incarnation = incarnation, .lost_bytes = lost.mapped(), .is_line = false});
}

}  // namespace troupe::client
