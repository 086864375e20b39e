// SPDX-License-Identifier: BSL-1.0
// The control thread of a host, and a manager that says anything: the host refuses, or ends with ProtocolError; whatever
// it accepts can be constructed and let go of.
#include <troupe/detail/method.hpp>
#include <troupe/error.hpp>

#include <string>
#include <variant>

#include "host/control.hpp"
#include "host/inbox.hpp"
#include "tests/fuzz/packets.hpp"
#include "tests/host/stage.hpp"
#include "wire/library.hpp"

namespace troupe::fuzz {
namespace {

class Target {
 public:
  explicit Target(const std::vector<std::string>& texts) {
    if (texts.size() > 2) throw std::length_error(texts.front());
  }
};

using Manager = Rogue<wire::ToHost>;

wire::NodeReference constructor() {
  using Key = detail::ConstructorKey<Target, std::vector<std::string>>;
  const auto number = wire::number_of(detail::Registration<Key>::node());
  return {number.module(), number.rank()};
}

platform::SharedMemory memory_of(std::span<const std::byte> bytes) {
  auto memory = platform::SharedMemory::create("arguments", std::max<std::size_t>(bytes.size(), 1));
  const platform::Mapping mapping(memory, platform::Access::read_write);
  std::copy(bytes.begin(), bytes.end(), mapping.data());
  return memory;
}

void order_to_construct(Input& input, Manager& manager, const Things& things) {
  wire::Construct message;
  message.constructor = constructor();
  message.channel = input.below(4);
  message.offer = offer();
  message.client_modules = wire::known_modules();
  Handles handles = things.for_request();
  if (input.below(4) != 0) {
    const auto arguments = input.take(input.byte());
    message.argument_bytes = arguments.size();
    handles.push_back(memory_of(arguments).take_handle());
  }
  message.captures_output = input.below(8) == 0;  // of handles that are no pipes
  manager.say(input, message, std::move(handles));
}

void open_channel(Input& input, Manager& manager, const Things& things) {
  wire::OpenChannel message;
  message.channel = input.below(4);
  message.offer = offer();
  message.client_modules = wire::known_modules();
  manager.say(input, message, things.for_request());
}

void act(Input& input, Manager& manager, const Things& things) {
  switch (input.below(7)) {
    case 0:
      return order_to_construct(input, manager, things);
    case 1:
      return open_channel(input, manager, things);
    case 2:
      return manager.say(input, wire::CloseChannel{input.below(4)});
    case 3:
      return manager.say(input, wire::AskStatus{input.number()});
    case 4:
      return manager.say(input, wire::StopHost{});
    case 5:
      return manager.say(input,
                         wire::StopTurn{input.below(4), static_cast<std::uint16_t>(input.number()),
                                        static_cast<std::uint32_t>(input.below(3)), static_cast<std::int64_t>(input.number())});
    default:
      return manager.babble(input);
  }
}

void construct_what_was_ordered(host::Inbox& inbox) {
  if (!inbox.has_mail()) return;
  const host::Mail mail = inbox.take();
  struct : host::ConstructorWatch {
    void constructor_found(const detail::RegistrationNode&) override {}
  } watch;
  // Which library to load a manager says, and is believed: it starts whole programs.
  if (mail.construction && mail.construction->module.path.empty()) (void)host::construct(*mail.construction, watch);
}

void play(Input& input) {
  static const Things things;
  constexpr int kMostPackets = 32;  // so many answers fit the socket, which nobody empties
  auto [ours, theirs] = platform::ControlSocket::pair();
  Manager manager(std::move(theirs), things);
  for (int count = 0; count < kMostPackets && !input.is_empty(); ++count) act(input, manager, things);
  manager.socket().shut_down();
  platform::LifePage page;
  host::Inbox inbox;
  host::StopRequests stops(page.status());
  host::Control control(ours, inbox, page, stops);
  try {
    control.run();
  } catch (const ProtocolError&) {
  }
  construct_what_was_ordered(inbox);
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
