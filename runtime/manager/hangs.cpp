// SPDX-License-Identifier: BSL-1.0
#include "manager/hangs.hpp"

#include <algorithm>
#include <utility>

#include "platform/process_state.hpp"
#include "platform/stack_request.hpp"

namespace troupe::manager {

namespace {

using Finding = supervision::HangWatch::Finding;

// A host answers at once, where it has a processor to do so. Who cannot (its main thread blocks signals, or is deep in the
// kernel) is not waited for longer.
constexpr std::chrono::milliseconds kPause(10);
constexpr std::chrono::seconds kPatience(2);

// One that is being stopped has its grace.
bool is_looked_at(const HostRecord& host) { return host.hang && host.is_answering() && host.asked == Asked::nothing; }

// The host writes the end of a method, or of a part of one, before it counts it. One that it ends meanwhile is none that goes on.
supervision::Progress progress_of(const platform::LifeStatus& status) {
  const auto turns = [&] {
    return status.calls_handled.load(std::memory_order_acquire) + status.calls_refused.load(std::memory_order_acquire) +
           status.parts_ended.load(std::memory_order_acquire);
  };
  const std::uint64_t before = turns();
  const std::uint32_t method = status.running_method.load(std::memory_order_acquire);
  const std::uint64_t after = turns();
  return {before == after ? method : 0, after};
}

}  // namespace

void Hangs::started(HostRecord& host) {
  if (host.order.hang.after_ns == 0) return;
  host.hang = {.watch = supervision::HangWatch(std::chrono::nanoseconds(host.order.hang.after_ns), Clock::now())};
  wake_at(host.hang->watch.next_look());
}

void Hangs::wake_at(Clock::time_point time) {
  if (time >= next_look_) return;
  next_look_ = time;
  alarm_.start(time - Clock::now(), [this] { look(); });
}

void Hangs::look() {
  next_look_ = Clock::time_point::max();
  for (const ActorId actor : tables_.hosts.actors()) {
    HostRecord* host = tables_.hosts.find(actor);
    if (host != nullptr && is_looked_at(*host)) look_at(*host, Clock::now());
  }
}

void Hangs::look_at(HostRecord& host, Clock::time_point now) {
  HangRecord& hang = *host.hang;
  const Finding finding = hang.watch.look(progress_of(host.life.status()), now);
  if (finding == Finding::goes_on) tell_that_it_goes_on(host, hang);
  const bool is_news = finding == Finding::hung || (finding == Finding::still_hung && host.order.hang.kill);
  if (is_news && !hang.stacks_before) ask_for_stack(host, hang, now);
  if (hang.stacks_before) look_for_stack(host, hang, now);
  if (is_looked_at(host)) wake_at(hang.stacks_before ? now + kPause : hang.watch.next_look());
}

// One that is stopped could not answer.
void Hangs::ask_for_stack(const HostRecord& host, HangRecord& hang, Clock::time_point now) {
  hang.stacks_before = host.life.status().stack_count.load(std::memory_order_acquire);
  hang.running_for = hang.watch.running_for();
  hang.method = name_of_running_method(host);
  hang.backtrace.clear();
  const bool is_stopped = platform::state_of(host.child->process()).is_stopped;
  hang.patience = is_stopped ? now : now + kPatience;
  if (!is_stopped) platform::ask_for_stack(host.child->process());
}

// It has been in that call ever since it was asked: so the stack is that call's.
void Hangs::look_for_stack(HostRecord& host, HangRecord& hang, Clock::time_point now) {
  auto stack = host.life.stack_after(*hang.stacks_before);
  if (!stack && now < hang.patience) return;
  hang.stacks_before.reset();
  hang.backtrace = std::move(stack).value_or(std::string());
  tell(host, hang);
  if (host.order.hang.kill) kill(host);
}

void Hangs::tell(const HostRecord& host, HangRecord& hang) {
  if (std::exchange(hang.is_told, true)) return;
  tables_.clients.send_to_programs(wire::ActorHangs{.actor = host.actor.id,
                                                    .incarnation = host.actor.incarnation,
                                                    .method = hang.method,
                                                    .running_ns = hang.running_for.count(),
                                                    .backtrace = hang.backtrace});
}

// One that did so before its stack was there has hung all the same.
void Hangs::tell_that_it_goes_on(const HostRecord& host, HangRecord& hang) {
  hang.stacks_before.reset();
  tell(host, hang);
  hang.is_told = false;
  tables_.clients.send_to_programs(
      wire::ActorHangs{.actor = host.actor.id, .incarnation = host.actor.incarnation, .is_over = true});
}

// With a debugger attached it has another chance when it is found to hang still.
void Hangs::kill(HostRecord& host) {
  if (!platform::state_of(host.child->process()).is_traced) ending_.kill(host, Asked::hung, {});
}

}  // namespace troupe::manager
