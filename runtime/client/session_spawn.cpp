// SPDX-License-Identifier: BSL-1.0
#include <troupe/detail/lease.hpp>
#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "base/quoted_name.hpp"
#include "channel/client_end.hpp"
#include "client/callback_thread.hpp"
#include "client/cell_status.hpp"
#include "client/limits.hpp"
#include "client/refusal.hpp"
#include "client/session.hpp"
#include "client/spawn_check.hpp"
#include "platform/fork_mark.hpp"
#include "platform/step_mark.hpp"
#include "wire/field_archive.hpp"
#include "wire/registry.hpp"

namespace troupe::client {

using channel::ClientEnd;
using channel::Geometry;
using platform::Handle;

// This side's half of a channel that the manager has not answered for yet.
struct Session::ChannelOpening {
  explicit ChannelOpening(const Geometry& shape)
      : geometry(shape),
        requests(ClientEnd::create_requests(shape)),
        request_extents(ClientEnd::create_request_extents(shape)),
        event(platform::Event::pair()) {}

  // The offer's.
  std::array<int, wire::ChannelOffer::kHandles> handles() const {
    return {requests.handle().get(), request_extents.handle().get(), event.second.handle().get()};
  }

  Geometry geometry;
  platform::SharedMemory requests, request_extents;
  std::pair<platform::Event, platform::Event> event;  // this side's end, the host's
};

// A spawn that the manager has not answered yet.
struct Session::SpawnPending {
  detail::ResultCell* cell;  // a reference
  const char* type_name;
  std::string what;
  ChannelOpening opening;
  bool is_in_group = false;
  detail::Lease lease{};  // on the proxies among the constructor's arguments
};

namespace {

constexpr const char* kNoRoomForHandles = "this process can hold no more open files; raise RLIMIT_NOFILE, as with ulimit -n";

// Where the process may make no files so large (RLIMIT_FSIZE), what fits is the largest payload.
Geometry geometry_of(std::size_t calls, std::size_t bytes, std::size_t payload) {
  const std::size_t most = platform::SharedMemory::most_bytes() / 4;
  return Geometry::for_mailbox(calls, bytes, std::min(payload, std::max<std::size_t>(most, 1)));
}

wire::ChannelOffer offer_of(const Geometry& geometry, Spin spin) {
  return {geometry.slots, geometry.request_cells, geometry.reply_cells, geometry.payload_bytes, static_cast<std::uint8_t>(spin)};
}

wire::Restart restart_of(const RestartPolicy& policy) {
  return {policy.max,
          policy.within.span().count(),
          policy.backoff.first.span().count(),
          policy.backoff.most.span().count(),
          static_cast<std::uint8_t>(policy.on),
          policy.checkpoint_every,
          policy.poison_after};
}

// As the host finds it, which is in another directory. A name is for the loader, unless there is such a file here.
std::string path_of_module(const std::string& module) {
  std::error_code error;
  const bool is_path = module.find('/') != std::string::npos || std::filesystem::exists(module, error);
  return is_path ? std::filesystem::absolute(module).string() : module;
}

wire::Spawn spawn_message(const detail::SpawnOrder& order, const Geometry& geometry, const RuntimeOptions& runtime) {
  const SpawnOptions& options = order.options;
  wire::Spawn message;
  if (options.module.empty()) {
    const wire::MethodId constructor = wire::number_of(*order.maker.constructor);
    message.constructor = {constructor.module(), constructor.rank()};
  } else {
    message.module = {path_of_module(options.module), options.actor,
                      order.maker.parameters != nullptr ? order.maker.parameters : std::string()};
  }
  message.type = order.maker.type;
  message.name = options.name;
  message.join_existing = order.on_existing == detail::OnExisting::join;
  message.argument_bytes = order.arguments.size();
  message.lifetime = static_cast<std::uint8_t>(options.lifetime);
  message.start = static_cast<std::uint8_t>(options.environment.empty() ? options.start : StartMethod::spawn);
  message.stdio = static_cast<std::uint8_t>(options.stdio);
  message.concurrency = options.concurrency;
  message.mailbox_calls = static_cast<std::uint32_t>(options.mailbox.calls);
  message.mailbox_bytes = options.mailbox.bytes;
  message.mailbox_payload = options.mailbox.payload;
  message.when_full = static_cast<std::uint8_t>(options.mailbox.when_full);
  message.deadline_ns = (options.deadline.is_forever() ? runtime.deadline : options.deadline).span().count();
  message.start_timeout_ns = runtime.start_timeout.span().count();
  message.environment = options.environment;
  message.working_directory = options.working_directory;
  message.security = static_cast<std::uint8_t>(options.security);
  message.limits = wire_limits(options.limits);
  message.offer = offer_of(geometry, runtime.spin);
  message.restart = restart_of(options.restart);
  message.group = order.group.value;
  message.hang = wire_hang(options.hang);
  return message;
}

std::string describe(const detail::SpawnOrder& order) {
  const std::string type = wire::readable_type(order.maker.type);
  return order.options.name.empty() ? "spawning " + type
                                    : fmt::format("spawning {} {}", type, detail::quoted_name(order.options.name));
}

}  // namespace

void Session::spawn(const detail::SpawnOrder& order, detail::ResultCell& cell) {
  const std::string what = describe(order);
  try {
    if (platform::is_forked_child()) throw std::logic_error(what + ": this process was forked from the one that has the runtime");
    check(order, is_shared() ? ManagerKind::named : ManagerKind::of_one_program);
    const MailboxOptions& mailbox = order.options.mailbox;
    auto pending =
        std::make_shared<SpawnPending>(SpawnPending{&cell,
                                                    order.maker.type,
                                                    what,
                                                    ChannelOpening(geometry_of(mailbox.calls, mailbox.bytes, mailbox.payload)),
                                                    order.group != GroupId(),
                                                    {}});
    wire::Spawn message = spawn_message(order, pending->opening.geometry, options_);
    platform::SharedMemory arguments;
    if (!order.arguments.empty())
      arguments = platform::SharedMemory::sealed_copy("the arguments of a constructor", order.arguments);
    const auto [requests, extents, hosts_end] = pending->opening.handles();
    const std::array handles{requests, extents, hosts_end, arguments.handle().get()};
    const auto self = shared_from_this();
    if (order.carried != nullptr) pending->lease.take(detail::Lease::of_arguments(*order.carried, *this));
    message.lease = pending->lease.number();
    message.request = expect(
        [self, pending](wire::ToClient* answer, std::vector<Handle>& came) { self->finish_spawn(*pending, answer, came); });
    send_request(message, std::span(handles).first(handles.size() - (order.arguments.empty() ? 1 : 0)));
  } catch (const std::system_error& error) {  // out of handles, memory
    cell.complete_with_error(std::make_exception_ptr(StartError(what + ": " + error.what())));
    cell.drop_reference();
  } catch (...) {
    cell.complete_with_error(std::current_exception());
    cell.drop_reference();
  }
}

void Session::finish_spawn(SpawnPending& pending, wire::ToClient* message, std::vector<Handle>& handles) {
  const wire::ActorDescription* spawned = nullptr;  // by this order, and not given to anybody yet
  try {
    if (message == nullptr) std::rethrow_exception(no_answer(pending.what));
    if (const auto* refused = std::get_if<wire::Refused>(message)) return refuse_spawn(pending, refused->failure);
    const auto& opened = answer_in<wire::Opened>(*message);
    if (opened.found) return give_proxy(*pending.cell, add_link(opened.actor, pending.type_name, Grant::given, nullptr));
    spawned = &opened.actor;
    if (handles.empty()) throw StartError(pending.what + ": " + kNoRoomForHandles);
    const auto channel = open_channel(opened, std::move(pending.opening), handles, pending.type_name);
    auto link = add_link(opened.actor, pending.type_name, Grant::given, channel.get());
    give_proxy(*pending.cell, std::move(link));
  } catch (...) {
    if (spawned != nullptr) disown(*spawned, pending.is_in_group);
    if (pending.cell->claim()) {
      CellAccess::set_error(*pending.cell, std::current_exception());
      CellAccess::publish(*pending.cell, true, &callbacks_);
    }
    pending.cell->drop_reference();
  }
}

// Nobody else has it; but a group would hold it.
void Session::disown(const wire::ActorDescription& actor, bool is_in_group) noexcept {
  if (!is_in_group) return release(actor.id, 1);
  try {
    send(wire::KillActor{actor.id, actor.key});
  } catch (const std::exception&) {  // it goes with its group, or with the manager
  }
}

void Session::refuse_spawn(SpawnPending& pending, const wire::Failure& failure) {
  if (failure.kind != wire::Refusal::constructor_threw) std::rethrow_exception(spawn_error_of(failure, pending.what));
  auto arrival = std::make_unique<detail::Arrival>();
  arrival->bytes = failure.exception;
  arrival->is_exception = true;
  arrival->is_from_constructor = true;
  arrival->session = shared_from_this();
  arrival->actor = wire::readable_type(pending.type_name);
  complete_with_arrival(*pending.cell, std::move(arrival));
}

void Session::give_proxy(detail::ResultCell& cell, detail::LinkHandle link) {
  auto arrival = std::make_unique<detail::Arrival>();
  detail::GrowingBuffer buffer;
  detail::LinkWire packed = detail::pack_link(link);
  wire::FieldArchive{buffer}(packed);
  arrival->bytes.assign(buffer.bytes().begin(), buffer.bytes().end());
  arrival->session = shared_from_this();
  arrival->keep = std::move(link);
  complete_with_arrival(cell, std::move(arrival));
}

void Session::complete_with_arrival(detail::ResultCell& cell, std::unique_ptr<detail::Arrival> arrival) {
  if (cell.claim()) {
    CellAccess::set_arrival(cell, arrival.release());
    CellAccess::publish(cell, false, &callbacks_);
  }
  cell.drop_reference();
}

void Session::check_handles(const std::vector<Handle>& handles) {
  if (handles.empty()) throw Error(kNoRoomForHandles);
  if (handles.size() != wire::Opened::kHandles)
    throw ProtocolError(fmt::format("a channel came with {} handles instead of {}", handles.size(), wire::Opened::kHandles));
}

// What the host has made, checked. But for the client's own event.
NextLife Session::life_of(const wire::Opened& opened, const Geometry& geometry, std::vector<Handle>& handles) {
  NextLife life;
  life.pid = opened.actor.pid;
  life.incarnation = opened.actor.incarnation;
  life.end.replies = platform::SharedMemory::adopt(std::move(handles[0]), geometry.reply_bytes());
  life.end.reply_extents = platform::SharedMemory::adopt(std::move(handles[1]), geometry.extent_bytes());
  life.end.states = platform::SharedMemory::adopt(std::move(handles[2]), geometry.state_bytes());
  life.host_life = platform::LifeView(platform::SharedMemory::adopt(std::move(handles[wire::ChannelAnswer::kLifePage]), 0));
  if (opened.channel.life_word < platform::kLifeWordCount) life.life_word = opened.channel.life_word;
  life.end.host_event = platform::Event(std::move(handles[4]));
  life.host = std::move(handles[5]);
  return life;
}

// The session's own reference is there only while the session may still drop it: one that is closing has dropped all.
ChannelReference Session::open_channel(const wire::Opened& opened, ChannelOpening opening, std::vector<Handle>& handles,
                                       const char* type_name) {
  TROUPE_STEP_MARK("attach: client opens");
  check_handles(handles);
  const Geometry& geometry = opening.geometry;
  const wire::ActorDescription& actor = opened.actor;
  const auto policy = static_cast<WhenFull>(actor.when_full);
  ChannelParts parts;
  parts.actor = {actor.id, actor.name, wire::readable_type(type_name), actor.pid, actor.incarnation};
  parts.key = actor.key;
  parts.type = type_name;
  parts.may_restart = actor.may_restart;
  parts.poison_after = std::max(actor.poison_after, 1u);
  parts.geometry = geometry;
  parts.when_full = policy != WhenFull::automatic ? policy : is_actor_ ? WhenFull::spill : WhenFull::block;
  parts.spin = options_.spin;
  parts.deadline = std::chrono::nanoseconds(actor.deadline_ns);
  parts.requests = std::move(opening.requests);
  parts.request_extents = std::move(opening.request_extents);
  NextLife life = life_of(opened, geometry, handles);
  parts.replies = std::move(life.end.replies);
  parts.reply_extents = std::move(life.end.reply_extents);
  parts.states = std::move(life.end.states);
  parts.host_life = std::move(life.host_life);
  parts.life_word = life.life_word;
  parts.host_event = std::move(life.end.host_event);
  parts.host = std::move(life.host);
  parts.client_event = std::move(opening.event.first);
  ChannelReference channel(new CallChannel(shared_from_this(), std::move(parts)));
  bool is_down_already = false;
  {
    const std::lock_guard lock(mutex_);
    is_down_already = is_closing_ || is_manager_gone_ || !channels_.emplace(actor.id, channel.get()).second;
    if (!is_down_already) channel->add_reference();
  }
  if (is_down_already) channel->end(is_closing_ ? Fall::runtime_stopped : Fall::manager_died);
  if (!opened_has_life_net(*channel)) watch_or_forget(*channel, actor.id);
  TROUPE_STEP_MARK("attach: client has opened");
  return channel;
}

// A channel that cannot be used from here.
void Session::leave_channel(const wire::Opened& opened) noexcept {
  try {
    send(wire::LeaveChannel{opened.request, opened.actor.id});
  } catch (const std::exception&) {  // it stays open until this process ends
  }
}

void Session::watch_or_forget(CallChannel& channel, ActorId actor) {
  try {
    watch_event(channel);
  } catch (const std::exception&) {  // no handle is left
    if (CallChannel* known = take_channel(actor, true)) known->drop_reference();
    throw;
  }
}

// Without a life word of its own, the loop has to watch the host's process.
bool Session::opened_has_life_net(const CallChannel& channel) {
  return channel.has_life_word() && platform::has_futex_wait_any();
}

std::shared_ptr<Opening> Session::attach(Link& link) {
  const std::string what =
      fmt::format("opening the channel to actor {} ({})", link.actor().id.value, wire::readable_type(link.type_name().c_str()));
  try {
    return attach(link, what);
  } catch (const std::system_error& error) {  // out of handles, memory
    throw Error(what + ": " + error.what());
  }
}

// The channel is made in the loop: what the manager says of the actor next has to find it. Whoever asked may have gone by then.
std::shared_ptr<Opening> Session::attach(Link& link, const std::string& what) {
  TROUPE_STEP_MARK("attach");
  const wire::ActorDescription& actor = link.actor();
  constexpr MailboxOptions kDefaults;
  const auto half =
      std::make_shared<ChannelOpening>(geometry_of(actor.mailbox_calls != 0 ? actor.mailbox_calls : kDefaults.calls,
                                                   actor.mailbox_bytes != 0 ? actor.mailbox_bytes : kDefaults.bytes,
                                                   actor.mailbox_payload != 0 ? actor.mailbox_payload : kDefaults.payload));
  auto opening = std::make_shared<Opening>();
  wire::Attach message{
      .actor = actor.id, .key = actor.key, .type = link.type_name(), .offer = offer_of(half->geometry, options_.spin)};
  link.add_handle();
  const detail::LinkHandle asker(&link);
  message.request = expect([this, half, opening, what, asker](wire::ToClient* answer, std::vector<Handle>& came) {
    try {
      if (answer == nullptr) std::rethrow_exception(no_answer(what));
      if (const auto* refused = std::get_if<wire::Refused>(answer)) std::rethrow_exception(error_of(refused->failure, what));
      Link& opened = *asker.get();
      opened.set_channel(*open_channel(answer_in<wire::Opened>(*answer), std::move(*half), came, opened.type_name().c_str()));
      opening->succeed();
    } catch (...) {
      if (answer != nullptr && std::holds_alternative<wire::Opened>(*answer)) leave_channel(std::get<wire::Opened>(*answer));
      opening->fail(std::current_exception());
    }
  });
  send_request(message, half->handles());
  return opening;
}

}  // namespace troupe::client

namespace troupe::detail {

void spawn_into(client::Session& session, const SpawnOrder& order, ResultCell& cell) { session.spawn(order, cell); }

void fail_to_encode(const SpawnOrder& order, ResultCell& cell) {
  cell.complete_with_error(client::current_error_of(client::describe(order) + ": the constructor's arguments cannot be encoded"));
  cell.drop_reference();
}

std::optional<LinkHandle> find_link(client::Session& session, std::string_view name, const std::type_info& type) {
  return session.find(name, type);
}

}  // namespace troupe::detail
