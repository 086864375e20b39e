// SPDX-License-Identifier: BSL-1.0
// A client's session, and a manager that says anything, before, instead of and after its answers, with channels whose
// memory holds anything: whatever the client asks for ends, in an answer or an exception, and the session can be closed.
#include <troupe/error.hpp>
#include <troupe/runtime.hpp>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <variant>
#include <vector>

#include "client/link.hpp"
#include "client/session.hpp"
#include "tests/fuzz/packets.hpp"
#include "tests/host/stage.hpp"
#include "wire/library.hpp"

namespace troupe::fuzz {
namespace {

struct Target {
  int add(int number) { return number; }
  std::vector<std::string> echo(const std::vector<std::string>& texts) { return texts; }
};

using Manager = Rogue<wire::ToClient>;

// ---- the honest half, in a thread of its own

void call(const Proxy<Target>& proxy) {
  const auto hurried = proxy.with({.deadline = std::chrono::milliseconds(1)});
  const auto sum = hurried.call<&Target::add>(1);
  const auto texts = hurried.call<&Target::echo>(std::vector<std::string>{"a", "b"});
  (void)sum.exception();
  (void)texts.exception();
}

void spawn(client::Session& session) {
  const SpawnOptions options{
      .mailbox = {.calls = kGeometry.slots, .bytes = kGeometry.request_bytes() / 2, .payload = kMostPayload}};
  using Key = detail::ConstructorKey<Target>;
  auto* cell = new detail::TypedCell<Proxy<Target>>(1);
  const auto result = detail::ResultAccess::adopt(cell);
  session.spawn(
      {{&detail::Registration<Key>::node(), typeid(Target).name(), typeid(void()).name()}, options, {}, detail::OnExisting::join},
      *cell);
  call(result.get());
}

void attach(client::Session& session) {
  detail::LinkWire wire;
  wire.id = ActorId{2};
  wire.mailbox_calls = kGeometry.slots;
  wire.mailbox_bytes = kGeometry.request_bytes() / 2;
  wire.mailbox_payload = kMostPayload;
  const auto link = session.link_to(wire, typeid(Target).name());
  (void)link.get()->channel();
}

void ask(client::Session& session, unsigned what) {
  switch (what) {
    case 0:
      return spawn(session);
    case 1:
      return attach(session);
    case 2:
      return (void)session.find("name", typeid(Target));
    case 3:
      return (void)session.list();
    default:
      return (void)session.shutdown(std::chrono::seconds(1));
  }
}

// One question, put in a thread of its own.
class Question {
 public:
  Question(client::Session& session, unsigned what)
      : thread_([this, &session, what] {
          try {
            ask(session, what);
          } catch (const RemoteError&) {  // of whatever type
          } catch (const std::bad_variant_access&) {
            std::abort();  // an answer was taken for another one
          } catch (const std::exception&) {
          }
          has_ended_.store(true);
        }) {}

  bool has_ended() const { return has_ended_.load(); }

 private:
  std::atomic<bool> has_ended_{false};
  std::jthread thread_;  // last: it uses the other
};

// ---- the rogue half

wire::ActorDescription some_actor(Input& input) {
  wire::ActorDescription actor;
  actor.id = ActorId{input.below(4)};
  actor.type = typeid(Target).name();
  actor.mailbox_calls = kGeometry.slots;
  actor.when_full = static_cast<std::uint8_t>(input.below(4));
  return actor;
}

wire::Failure some_failure(Input& input) {
  wire::Failure failure;
  failure.kind = static_cast<wire::Refusal>(input.below(10));
  const auto bytes = input.take(input.below(64));
  failure.exception.assign(bytes.begin(), bytes.end());
  return failure;
}

// Memory that a host could have made, but for what is in it.
platform::Handle spoiled(Input& input, platform::SharedMemory memory) {
  const platform::Mapping mapping(memory, platform::Access::read_write);
  for (unsigned pokes = input.below(4); pokes > 0; --pokes) {
    const std::size_t at = input.number() % mapping.size_bytes();
    const auto bytes = input.take(std::min<std::size_t>(input.below(33), mapping.size_bytes() - at));
    std::copy(bytes.begin(), bytes.end(), mapping.data() + at);
  }
  return std::move(memory).take_handle();
}

void open_channel(Input& input, std::uint64_t request, Manager& manager, const Things& things) {
  const auto geometry = channel::Geometry::for_mailbox(kGeometry.slots, kGeometry.request_bytes() / 2, kMostPayload);
  Handles handles = Things::handles(spoiled(input, channel::HostEnd::create_replies(geometry)),
                                    spoiled(input, channel::HostEnd::create_reply_extents(geometry)),
                                    spoiled(input, channel::HostEnd::create_states(geometry)), things.life_page(), things.event(),
                                    things.process());
  manager.say(input, wire::Opened{request, some_actor(input), {input.byte()}, input.below(8) == 7}, std::move(handles));
}

void act(Input& input, std::uint64_t request, Manager& manager, const Things& things) {
  switch (input.below(13)) {
    case 0:
      return open_channel(input, request, manager, things);
    case 1:
      return manager.say(input, wire::Refused{request, some_failure(input)});
    case 2:
      return manager.say(input, wire::Found{request, input.below(2) == 1, some_actor(input)});
    case 3:
      return manager.say(input, wire::Listed{request, std::vector<ActorInfo>(input.below(4)), input.below(2) == 1});
    case 4:
      return manager.say(input, wire::ActorFalling{ActorId{input.below(4)}, 1});
    case 5:
      return manager.say(input, wire::ChannelBroken{ActorId{input.below(4)}, "so it is"});
    case 6:
      return manager.say(input, wire::ActorDown{.actor = ActorId{input.below(4)}, .is_answer = input.below(2) == 1});
    case 7:
      return manager.say(input, wire::ActorUp{some_actor(input)});
    case 8:
      return manager.say(input, wire::AllStopped{request, std::vector<ActorInfo>(input.below(4)), input.below(2) == 1});
    case 9:
      return manager.say(input, wire::Welcome{wire::own_hello(1)}, Things::handles(things.life_page()));
    case 10:
      return manager.say(input, wire::ActorHangs{ActorId{input.below(4)}, 1, input.below(2) == 1, "a method", 1, "file+0x10\n"});
    case 11:
      return manager.say(input, wire::Printed{ActorId{input.below(4)}, 1, true,
                                              std::vector<std::string>(input.below(2), "a line"), input.number()});
    default:
      return manager.babble(input);
  }
}

// Answers when the question has come; it may also have ended without being put, or wait for another one.
void answer(Input& input, std::uint64_t request, Manager& manager, const Things& things, const Question& question) {
  const auto soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(5);
  while (!manager.socket().try_receive() && !question.has_ended() && std::chrono::steady_clock::now() < soon)
    std::this_thread::yield();
  for (unsigned packets = input.below(6); packets > 0; --packets) act(input, request, manager, things);
}

std::shared_ptr<client::Session> joined(Input& input, platform::ControlSocket socket, Manager& manager,
                                        const Things& things) try {
  if (input.below(8) == 7) {
    act(input, 0, manager, things);
    if (input.is_empty()) manager.socket().shut_down();
  }
  manager.say(input, wire::Welcome{wire::own_hello(1)}, Things::handles(things.life_page()));
  send(manager.socket(), wire::encode_message<wire::ToClient>(wire::Welcome{}), {});  // so that something comes in any case
  return client::Session::join(std::move(socket));
} catch (const std::exception&) {
  return nullptr;
}

void play(Input& input) {
  static const Things things;
  auto [ours, theirs] = platform::ControlSocket::pair();
  Manager manager(std::move(theirs), things);
  const auto session = joined(input, std::move(ours), manager, things);
  if (session == nullptr) return;
  std::vector<std::unique_ptr<Question>> questions;
  for (unsigned count = input.below(4); questions.size() < count;) {
    manager.read_all();
    questions.push_back(std::make_unique<Question>(*session, input.below(5)));
    answer(input, questions.size(), manager, things, *questions.back());
  }
  manager.socket().shut_down();
  questions.clear();
  session->close();
}

}  // namespace
}  // namespace troupe::fuzz

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  troupe::host::number_own_nodes();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  troupe::fuzz::Input input(bytes, count);
  troupe::fuzz::play(input);
  return 0;
}
