// SPDX-License-Identifier: BSL-1.0
#include "host/control.hpp"

#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>
#include <variant>

#include "host/thrown.hpp"
#include "platform/complaint.hpp"
#include "platform/output_pipe.hpp"
#include "platform/step_mark.hpp"
#include "wire/registry.hpp"

namespace troupe::host {
namespace {

void check_count(const std::vector<platform::Handle>& handles, std::size_t wanted) {
  if (handles.size() == wanted) return;
  if (handles.empty()) throw Error("the actor's process can hold no more open files; raise RLIMIT_NOFILE, as with ulimit -n");
  throw ProtocolError(fmt::format("{} handles came with a message that needs {}", handles.size(), wanted));
}

const detail::RegistrationNode& constructor_of(wire::ModuleMap modules, wire::NodeReference reference) {
  const bool is_in_range = reference.module < wire::MethodId::kMaxModules && reference.rank < wire::MethodId::kMaxRanks;
  const auto* node = is_in_range ? modules.find(wire::MethodId::of(reference.module, reference.rank)) : nullptr;
  if (node != nullptr && node->construct != nullptr) return *node;
  throw IncompatibleInterface(
      fmt::format("the actor's process has no constructor number {} in module {}", reference.rank, reference.module));
}

platform::Mapping mapped(platform::Handle handle, std::uint64_t bytes, const char* what) {
  const auto memory = platform::SharedMemory::adopt(std::move(handle), 0);
  if (memory.size_bytes() < bytes) throw ProtocolError(fmt::format("{} not all there", what));
  return {memory, platform::Access::read_only};
}

std::uint32_t wire_number(std::optional<unsigned> life_word) { return life_word ? *life_word : wire::kNoLifeWord; }

}  // namespace

std::array<int, wire::ChannelAnswer::kHandles> handles_of(const OpenedChannel& opened, const platform::LifePage& page) {
  return {opened.replies.handle().get(), opened.reply_extents.handle().get(), opened.states.handle().get(),
          page.memory().handle().get(), opened.host_event.handle().get()};
}

void Control::run() {
  page_.own_by_this_thread();
  while (auto packet = socket_.receive()) handle(*packet);
}

void Control::handle(platform::Packet& packet) {
  const auto message = wire::decode_message<wire::ToHost>(packet.bytes);
  std::visit([&](const auto& each) { on(each, packet.handles); }, message);
}

void Control::on(const wire::Construct& message, Handles& handles) {
  if (std::exchange(has_begun_, true)) throw ProtocolError("the manager wants a second actor in this process");
  try {
    if (message.captures_output) capture_output(handles);
    inbox_.post([construction = prepare(message, handles)](Mail& mail) mutable { mail.construction = std::move(construction); });
  } catch (const std::exception&) {
    refuse(failure_of(std::current_exception()));
  }
}

// They are the last ones.
void Control::capture_output(Handles& handles) {
  constexpr std::size_t kCount = wire::Construct::kOutputHandles;
  if (handles.size() < kCount) check_count(handles, kCount);
  platform::Handle* const first = handles.data() + handles.size() - kCount;
  platform::capture_output({std::move(first[0]), std::move(first[1])}, {std::move(first[2]), std::move(first[3])},
                           page_.status().lost_output);
  handles.resize(handles.size() - kCount);
}

Construction Control::prepare(const wire::Construct& message, Handles& handles) {
  const bool has_channel = message.channel != 0;
  const std::size_t of_channel = has_channel ? wire::ChannelOffer::kHandles : 0;
  check_count(handles, of_channel + (message.argument_bytes != 0 ? 1 : 0) + (message.checkpoint_bytes != 0 ? 1 : 0));
  Construction construction;
  construction.actor = message.actor;
  construction.working_directory = message.working_directory;
  construction.security = message.security == 0 ? SecurityLevel::l0 : SecurityLevel::l1;
  construction.limits = message.limits;
  construction.checkpoint_every = message.checkpoint_every;
  construction.shows_stack = message.shows_stack;
  std::optional<unsigned> life_word;
  if (has_channel) {
    construction.opened = open(message.channel, message.offer, message.client_modules, handles);
    life_word = construction.opened.channel->life_word;
  }
  construction.module = message.module;
  if (message.module.path.empty())
    construction.constructor = &constructor_of(wire::ModuleMap(message.client_modules), message.constructor);
  if (message.argument_bytes != 0) {
    construction.arguments = mapped(std::move(handles[of_channel]), message.argument_bytes, "the constructor's arguments are");
    construction.argument_bytes = message.argument_bytes;
  }
  if (message.checkpoint_bytes != 0) {
    construction.checkpoint = mapped(std::move(handles.back()), message.checkpoint_bytes, "the checkpoint is");
    construction.checkpoint_bytes = message.checkpoint_bytes;
  }
  construction.answer = {{wire_number(life_word)}, wire_number(page_.raise_word())};
  return construction;
}

void Control::refuse(const wire::Failure& failure) {
  send_to_manager(socket_, wire::ConstructFailed{failure});
  inbox_.post([](Mail& mail) { mail.exit_code = 1; });
}

OpenedChannel Control::open(std::uint64_t number, const wire::ChannelOffer& offer,
                            const std::vector<wire::ModuleIdentity>& client_modules, Handles& handles) {
  OpenedChannel opened = open_channel(number, offer, client_modules, handles);
  opened.channel->life_word = page_.raise_word();
  const std::lock_guard lock(mutex_);
  open_[number] = {opened.channel, opened.channel->life_word};
  return opened;
}

void Control::on(const wire::OpenChannel& message, Handles& handles) {
  TROUPE_STEP_MARK("attach: host opens");
  try {
    check_count(handles, wire::ChannelOffer::kHandles);
    OpenedChannel opened = open(message.channel, message.offer, message.client_modules, handles);
    const wire::ChannelOpened answer{message.channel, {wire_number(opened.channel->life_word)}};
    send_to_manager(socket_, answer, handles_of(opened, page_));
    inbox_.post([&](Mail& mail) { mail.opened.push_back(std::move(opened.channel)); });
    TROUPE_STEP_MARK("attach: host has opened");
  } catch (const std::exception&) {
    send_to_manager(socket_, wire::ChannelRefused{message.channel, failure_of(std::current_exception())});
  }
}

void Control::on(const wire::CloseChannel& message, Handles&) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(message.channel);
    if (found == open_.end()) return;  // it was refused
    if (found->second.life_word) page_.retire_word(*found->second.life_word);
    open_.erase(found);
  }
  stops_.forget(message.channel);
  inbox_.post([&](Mail& mail) { mail.closed.push_back(message.channel); });
}

void Control::break_off(std::uint64_t channel, const std::string& reason) {
  wire::ChannelRefused refused;
  refused.channel = channel;
  refused.failure.kind = wire::Refusal::protocol;
  refused.failure.text = reason;
  send_to_manager(socket_, refused);
}

void Control::on(const wire::StopHost&, Handles&) {
  page_.status().was_told_to_stop.store(1, std::memory_order_release);
  inbox_.post([](Mail& mail) { mail.exit_code = 0; });
}

void Control::on(const wire::AskStatus& message, Handles&) {
  const auto handled = page_.status().calls_handled.load(std::memory_order_relaxed);
  send_to_manager(socket_, wire::Status{message.request, handled, mailbox_depth(), running_method()});
}

void Control::on(const wire::StopTurn& message, Handles&) {
  std::shared_ptr<ServedChannel> channel;
  {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(message.channel);
    if (found != open_.end()) channel = found->second.channel.lock();
  }
  if (channel == nullptr) return;  // the message was on its way
  const std::chrono::nanoseconds force(message.force_ns);
  try {
    stops_.ask(channel, {message.slot, message.generation}, force.count() >= 0 ? std::optional(force) : std::nullopt);
  } catch (const std::system_error& error) {
    platform::complain("a call is not cancelled by force: {}", error.what());
  }
}

// What a client says it has sent may be a lie, or newer than what has been taken.
std::uint64_t Control::mailbox_depth() const {
  std::uint64_t depth = 0;
  const std::lock_guard lock(mutex_);
  for (const auto& [number, each] : open_) {
    const auto channel = each.channel.lock();
    if (!channel) continue;
    const std::uint64_t taken = channel->end.taken();
    depth += std::min<std::uint64_t>(std::max(channel->end.published_by_client(), taken) - taken, channel->end.geometry().slots);
  }
  return depth;
}

std::string Control::running_method() const {
  const std::uint32_t running = page_.status().running_method.load(std::memory_order_relaxed);
  if (running == 0) return {};
  if (running == wire::kDestructorRuns) return "destructor";
  const wire::MethodId method{running - 1};
  const auto* node = wire::find_node({method.module(), method.rank()});
  return node != nullptr ? wire::readable_name(*node) : std::string();
}

}  // namespace troupe::host
