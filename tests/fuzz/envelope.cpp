// SPDX-License-Identifier: BSL-1.0
// One end of a channel, and a peer that writes anything anywhere into the memories: index words, headers, slot words,
// doorbells, payload. In between the peer does what an honest one does, so that there is something to spoil. The end that
// is looked at says ProtocolError, or goes on; what it hands out lies in its ring, and its calls are its own.
#include <troupe/detail/method.hpp>
#include <troupe/error.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "host/turn.hpp"
#include "tests/channel/conformance/talk.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/host/stage.hpp"

namespace troupe::fuzz {
namespace {

using namespace channel;  // NOLINT(google-build-using-namespace): this is about nothing else

// The actor whose methods the requests name.
class Target {
 public:
  unsigned add(unsigned number) { return sum_ += number; }
  std::vector<std::string> echo(const std::vector<std::string>& texts) { return texts; }
  void take(const std::string& text) { taken_ += text.size(); }
  std::size_t fail(std::size_t size) { throw std::out_of_range(std::string(size % 5000, 'x')); }

 private:
  unsigned sum_ = 0;
  std::size_t taken_ = 0;
};

template <auto kMember>
wire::MethodId number() {
  return wire::number_of(detail::Registration<detail::MethodKey<Target, kMember>>::node());
}

wire::MethodId some_method(Input& input) {
  switch (input.below(5)) {
    case 0:
      return number<&Target::add>();
    case 1:
      return number<&Target::echo>();
    case 2:
      return number<&Target::take>();
    case 3:
      return number<&Target::fail>();
    default:
      return {static_cast<std::uint32_t>(input.number())};
  }
}

void poke(Input& input, const platform::Mapping& memory) {
  const std::size_t at = input.number() % memory.size_bytes();
  const auto bytes = input.take(std::min<std::size_t>(input.below(17), memory.size_bytes() - at));
  fill(memory.data() + at, bytes);
}

// In the ring, or so large that it lies beside it.
Bytes some_payload(Input& input) {
  Bytes payload = copy(input.take(input.byte()));
  if (input.below(4) == 3) payload.resize(std::min<std::size_t>(payload.size() * 40, kSmall.payload_bytes));
  return payload;
}

// Touches all of it, so that a sanitizer or the kernel sees where it lies.
void look_at(std::span<const std::byte> payload) {
  expect(payload.size() <= kSmall.extent_bytes(), "a payload of {} bytes fits its channel", payload.size());
  (void)copy(payload);
}

// A host's end as it serves; its client is hostile.
class Served {
 public:
  Served() : opened_(open()), client_(kSmall, memories(), std::move(opened_.host_event)) {}

  // False: the channel is over.
  bool act(Input& input) {
    switch (input.below(6)) {
      case 0:
        return talk([&] { send(input); });
      case 1:
        return talk([&] { receive(); });
      case 2:
        return poke(input, requests_bytes_), true;
      case 3:
        return poke(input, states_bytes_), true;
      case 4:
        return poke(input, extents_bytes_), true;
      default:
        return serve();
    }
  }

 private:
  host::OpenedChannel open() const {
    std::array handles{requests_.handle().duplicate(), extents_.handle().duplicate(), event_.second.handle().duplicate()};
    return host::open_channel(1, {kSmall.slots, kSmall.request_cells, kSmall.reply_cells, kSmall.payload_bytes},
                              wire::known_modules(), handles);
  }
  Memories memories() {
    return {requests_, opened_.replies, opened_.states,
            platform::SharedMemory::adopt(extents_.handle().duplicate(), extents_.size_bytes()),
            std::move(opened_.reply_extents)};
  }

  // What an honest client does; it stops when even its own memory is not what it was.
  template <class Talk>
  static bool talk(Talk talk) {
    try {
      talk();
    } catch (const ProtocolError&) {
    }
    return true;
  }
  void send(Input& input) {
    const auto method = some_method(input);
    const auto kind = input.below(2) == 0 ? wire::RequestKind::call : wire::RequestKind::tell;
    (void)try_send(client_, some_payload(input), kind, method);
  }
  void receive() {
    while (const auto reply = client_.next_reply()) client_.finish(*reply);
  }
  bool serve() try {
    auto& end = opened_.channel->end;
    for (unsigned turns = 0; turns < host::Dispatcher::kBatch; ++turns) {
      const auto request = end.next();
      if (!request) break;
      expect(request->ticket.slot < kSmall.slots, "a request's slot exists");
      look_at(end.payload(*request));
      if (!host::Turn({actor_, status_}, running_, *opened_.channel, *request).take()) return false;
    }
    if (end.has_outbox()) end.flush_outbox();
    end.ring_client(true);
    return true;
  } catch (const ProtocolError&) {
    return false;
  }

  Target target_;
  const host::Actor actor_{{&target_, [](void*) {}}, typeid(Target)};
  platform::LifeStatus status_;
  host::Turn* running_ = nullptr;
  const std::pair<platform::Event, platform::Event> event_ = platform::Event::pair();
  const platform::SharedMemory requests_ = ClientEnd::create_requests(kSmall);
  const platform::SharedMemory extents_ = ClientEnd::create_request_extents(kSmall);
  host::OpenedChannel opened_;
  ClientEnd client_;
  const platform::Mapping requests_bytes_{requests_, platform::Access::read_write};
  const platform::Mapping extents_bytes_{extents_, platform::Access::read_write};
  const platform::Mapping states_bytes_{opened_.states, platform::Access::read_write};
};

// A client's end as it is used; its host is hostile.
class Calling {
 public:
  bool act(Input& input) try {
    switch (input.below(9)) {
      case 0:
        return send(input), true;
      case 1:
        return receive(), true;
      case 2:
        return serve(input), true;
      case 3:
        return poke(input, replies_bytes_), true;
      case 4:
        return poke(input, states_bytes_), true;
      case 5:
        return poke(input, extents_bytes_), true;
      case 6:
        return channel_.client.settle(), channel_.client.ring_host(), true;
      default:
        return withdraw(input), true;
    }
  } catch (const ProtocolError&) {
    return false;
  }

 private:
  void send(Input& input) {
    const auto kind = input.below(4) != 3 ? wire::RequestKind::call : wire::RequestKind::tell;
    const auto ticket = try_send(channel_.client, some_payload(input), kind);
    if (!ticket || kind == wire::RequestKind::tell) return;
    expect(std::find(waiting_.begin(), waiting_.end(), *ticket) == waiting_.end(), "a slot that is in use is not used again");
    waiting_.push_back(*ticket);
  }
  void receive() {
    while (const auto reply = channel_.client.next_reply()) {
      const auto call = std::find(waiting_.begin(), waiting_.end(), reply->ticket);
      look_at(channel_.client.payload(*reply));
      channel_.client.finish(*reply);
      if (call != waiting_.end()) waiting_.erase(call);
    }
  }
  // What an honest host does; it stops when even its own memory is not what it was.
  void serve(Input& input) {
    try {
      const auto request = channel_.host.next();
      if (!request) return;
      const bool has_run = channel_.host.start(*request) == Claim::won;
      const auto kind = static_cast<wire::ReplyKind>(1 + input.below(7));
      if (request->kind == wire::RequestKind::call) {
        reply(channel_.host, request->ticket, some_payload(input), kind, has_run);
      } else {
        channel_.host.rearm(request->ticket);
      }
      channel_.host.finish(*request);
    } catch (const ProtocolError&) {
    }
  }
  void withdraw(Input& input) {
    if (waiting_.empty()) return;
    const Ticket ticket = waiting_[input.below(static_cast<unsigned>(waiting_.size()))];
    const auto outcome = input.below(2) == 0 ? wire::SlotState::cancelled : wire::SlotState::taken;
    (void)channel_.client.withdraw(ticket, outcome);
  }

  SharedMemoryChannel channel_{kSmall};
  const platform::Mapping replies_bytes_{channel_.replies, platform::Access::read_write};
  const platform::Mapping extents_bytes_{channel_.reply_extents, platform::Access::read_write};
  const platform::Mapping states_bytes_{channel_.states, platform::Access::read_write};
  std::vector<Ticket> waiting_;
};

template <class End>
void play(Input& input) {
  End end;
  while (!input.is_empty() && end.act(input)) continue;
}

}  // namespace
}  // namespace troupe::fuzz

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  troupe::host::number_own_nodes();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  using namespace troupe::fuzz;  // NOLINT(google-build-using-namespace)
  Input input(bytes, count);
  if (input.below(2) == 0) {
    play<Served>(input);
  } else {
    play<Calling>(input);
  }
  return 0;
}
