// SPDX-License-Identifier: BSL-1.0
#include <troupe/detail/actor_thread.hpp>

#include <cxxabi.h>

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

#include "base/serving.hpp"
#include "host/dispatcher.hpp"
#include "host/inbox.hpp"
#include "host/thrown.hpp"
#include "platform/coarse_clock.hpp"
#include "platform/complaint.hpp"
#include "platform/life_page.hpp"
#include "wire/registry.hpp"

namespace troupe::detail {
namespace {

thread_local constinit const OpenCall* running_for = nullptr;

void complain_of(const OpenCall& call, const std::exception_ptr& thrown) {
  try {
    platform::complain("what {} has left to run in its actor's thread threw {}", wire::readable_name(call.method),
                       host::describe(thrown));
  } catch (const std::bad_alloc&) {
    platform::write_to_stderr("troupe: a part of a call threw, and there is no memory to say more\n");
  }
}

void run_part(std::unique_ptr<CallPart> part, const OpenCall& call) {
  try {
    const RunningFor running(call);
    CallPart& self = *part;
    self.run(std::move(part));
  } catch (abi::__forced_unwind&) {
    throw;  // this thread is being cancelled
  } catch (...) {
    complain_of(call, std::current_exception());
  }
}

}  // namespace

RunningFor::RunningFor(const OpenCall& call) noexcept : before_(running_for), deadline_before_(serving.deadline_ns) {
  running_for = &call;
  serving.deadline_ns = call.deadline_ns;
}

RunningFor::~RunningFor() {
  running_for = before_;
  serving.deadline_ns = deadline_before_;
}

const OpenCall* RunningFor::call() noexcept { return running_for; }

OneTurn::OneTurn(const void* context) noexcept
    : before_(std::exchange(serving.one_turn, serving.actor_key != 0 ? context : nullptr)) {}
OneTurn::~OneTurn() { serving.one_turn = before_; }
const void* OneTurn::context() noexcept { return serving.one_turn; }

ActorThread::~ActorThread() = default;

OpenCall ActorThread::open_call() { return host::running_turn().open_call(); }

void ActorThread::post(std::unique_ptr<CallPart> part) {
  inbox_.post([&](host::Mail& mail) { mail.parts.push_back(std::move(part)); });
}

bool ActorThread::is_running_part() const noexcept { return running_for != nullptr && &running_for->thread == this; }

// Like a turn: while it runs the life page says for which method; afterwards, that one more has ended.
void ActorThread::run(std::unique_ptr<CallPart> part) {
  const std::shared_ptr<const OpenCall> call = part->call();
  status_.running_since.store(platform::coarse_now().count(), std::memory_order_relaxed);
  status_.running_method.store(wire::number_of(call->method).value + 1, std::memory_order_relaxed);
  run_part(std::move(part), *call);
  host::end_if_forked();
  status_.running_method.store(0, std::memory_order_relaxed);
  status_.parts_ended.store(status_.parts_ended.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

PartsContext* ActorThread::find(const std::type_info& type) noexcept {
  const auto found = std::find_if(contexts_.begin(), contexts_.end(), [&](const auto& each) { return *each.first == type; });
  return found != contexts_.end() ? found->second.get() : nullptr;
}

PartsContext& ActorThread::keep(const std::type_info& type, std::unique_ptr<PartsContext> context) {
  return *contexts_.emplace_back(&type, std::move(context)).second;
}

// What waits may, in going, post what else there is.
void ActorThread::shut() noexcept {
  for (const auto& each : contexts_) each.second->shut();
  discard_parts();
}

void ActorThread::end() noexcept {
  discard_parts();
  contexts_.clear();
}

// Which may post more.
void ActorThread::discard_parts() noexcept {
  while (!inbox_.take().parts.empty()) continue;
}

}  // namespace troupe::detail
