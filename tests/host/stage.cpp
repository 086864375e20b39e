// SPDX-License-Identifier: BSL-1.0
#include "tests/host/stage.hpp"

#include <array>
#include <utility>

#include "platform/executable.hpp"
#include "platform/futex.hpp"

namespace troupe::host {

int argument_of(const detail::Invocation& invocation) {
  int value = 0;
  std::memcpy(&value, invocation.arguments().data(), sizeof value);
  return value;
}

void answer_with(detail::Invocation& invocation, int value) {
  if (invocation.wants_reply()) std::memcpy(invocation.reply(sizeof value), &value, sizeof value);
}

void note(void* actor, detail::Invocation& invocation) {
  const int number = argument_of(invocation);
  invocation.entered();
  static_cast<Recorder*>(actor)->seen.push_back(number);
}

void Stage::channel_broken(const ServedChannel&, const std::string& reason) { complaints_.push_back(reason); }
void Stage::channel_closed(std::uint64_t number) { closed_.push_back(number); }
void Stage::lease_read(const ServedChannel&, std::uint64_t lease) { leases_read_.push_back(lease); }

void add_one(void*, detail::Invocation& invocation) {
  const int number = argument_of(invocation);
  invocation.entered();
  answer_with(invocation, number + 1);
}

void hold(void* actor, detail::Invocation& invocation) {
  note(actor, invocation);
  static_cast<Recorder*>(actor)->has_entered.release();
  static_cast<Recorder*>(actor)->may_leave.acquire();
}

void fill(void*, detail::Invocation& invocation) {
  const int bytes = argument_of(invocation);
  invocation.entered();
  std::memset(invocation.reply(static_cast<std::size_t>(bytes)), bytes & 0xff, static_cast<std::size_t>(bytes));
}

wire::ChannelOffer offer_of(const channel::Geometry& geometry) {
  return {geometry.slots, geometry.request_cells, geometry.reply_cells, geometry.payload_bytes};
}

int Client::Reply::number() const {
  int value = -1;
  if (payload.size() == sizeof value) std::memcpy(&value, payload.data(), sizeof value);
  return value;
}

Client::Client(const channel::Geometry& geometry, const platform::SharedMemory& requests, platform::SharedMemory extents,
               OpenedChannel opened, platform::Event event, platform::Event host_event)
    : served_(opened.channel),
      raw_requests_(requests, platform::Access::read_write),
      event_(std::move(event)),
      end_(std::make_unique<channel::ClientEnd>(
          geometry,
          channel::Memories{requests, opened.replies, opened.states, std::move(extents), std::move(opened.reply_extents)},
          std::move(host_event))) {}

std::optional<channel::Ticket> Client::try_send(wire::RequestKind kind, wire::MethodId method, int argument,
                                                std::int64_t deadline_ns) {
  const auto draft = end_->draft(sizeof argument);
  if (!draft) return std::nullopt;
  std::memcpy(draft->payload, &argument, sizeof argument);
  end_->publish(*draft, kind, method, deadline_ns);
  end_->ring_host();
  return draft->ticket;
}

channel::Ticket Client::call(wire::MethodId method, int argument, std::int64_t deadline_ns) {
  std::optional<channel::Ticket> ticket;
  wait_until([&] { return ticket = try_send(wire::RequestKind::call, method, argument, deadline_ns), ticket.has_value(); });
  return *ticket;
}

void Client::tell(wire::MethodId method, int argument, std::int64_t deadline_ns) {
  wait_until([&] { return try_send(wire::RequestKind::tell, method, argument, deadline_ns).has_value(); });
}

channel::Ticket Client::send_leased(wire::RequestKind kind, wire::MethodId method, int argument, std::uint64_t lease,
                                    std::int64_t deadline_ns) {
  auto draft = end_->draft(sizeof argument + sizeof lease).value();
  std::memcpy(draft.payload, &argument, sizeof argument);
  std::memcpy(draft.payload + sizeof argument, &lease, sizeof lease);
  draft.is_leased = true;
  end_->publish(draft, kind, method, deadline_ns);
  end_->ring_host();
  return draft.ticket;
}

Client::Reply Client::wait_reply() {
  using Bell = channel::DoorbellProtocol<>;
  for (;;) {
    if (const auto reply = end_->next_reply()) {
      Reply copy{reply->kind, {end_->payload(*reply).begin(), end_->payload(*reply).end()}, reply->ticket};
      end_->finish(*reply);
      end_->settle();
      return copy;
    }
    const std::uint32_t armed = Bell::arm(end_->client_bell(), channel::Rest::futex);
    if (!end_->has_reply()) platform::futex_wait(end_->client_bell().state, armed, platform::FutexScope::shared);
    Bell::disarm(end_->client_bell());
  }
}

void number_own_nodes() {
  std::vector<wire::ModuleRange> ranges;
  for (const auto& module : platform::loaded_modules())
    ranges.push_back({module.path, module.build_id, module.begin, module.end});
  wire::number_nodes(ranges);
}

Stage::Stage(std::size_t most_futexes)
    : actor_({&recorder_, [](void*) {}}, typeid(Recorder)),
      sleeper_(inbox_, most_futexes),
      dispatcher_({actor_, status_}, inbox_, sleeper_, *this) {
  number_own_nodes();
  thread_ = std::thread([this] { exit_code_ = dispatcher_.run({}); });
}

Stage::~Stage() { stop(); }

Client Stage::open(std::size_t calls, std::size_t bytes) {
  const auto geometry = channel::Geometry::for_mailbox(calls, bytes, kMostPayload);
  const auto requests = channel::ClientEnd::create_requests(geometry);
  auto [event, hosts_end] = platform::Event::pair();
  auto extents = channel::ClientEnd::create_request_extents(geometry);
  std::array handles{requests.handle().duplicate(), extents.handle().duplicate(), hosts_end.handle().duplicate()};
  auto opened = open_channel(++last_number_, offer_of(geometry), wire::known_modules(), handles);
  const auto served = opened.channel;
  auto host_event = std::move(opened.host_event);
  Client client(geometry, requests, std::move(extents), std::move(opened), std::move(event), std::move(host_event));
  inbox_.post([&](Mail& mail) { mail.opened.push_back(served); });
  return client;
}

void Stage::close(std::uint64_t number) {
  inbox_.post([&](Mail& mail) { mail.closed.push_back(number); });
}

void Stage::post_stop() {
  inbox_.post([](Mail& mail) { mail.exit_code = 0; });
}

int Stage::stop() {
  if (thread_.joinable()) {
    post_stop();
    thread_.join();
  }
  return exit_code_;
}

}  // namespace troupe::host
