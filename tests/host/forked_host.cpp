// SPDX-License-Identifier: BSL-1.0
#include "tests/host/forked_host.hpp"

#include <troupe/error.hpp>

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <thread>
#include <utility>

#include "host/host.hpp"
#include "platform/executable.hpp"

namespace troupe::host {
namespace {

// In the child only.
Window* child_window = nullptr;
Host* child_host = nullptr;

struct Sitter {
  int base = 0;
  ~Sitter() { ++child_window->destroyed; }
};

struct SitterKey {
  static constexpr const std::type_info* actor_type() { return &typeid(Sitter); }
  static constexpr const char* signature() { return __PRETTY_FUNCTION__; }
  static detail::ActorInstance construct(std::span<const std::byte> arguments) {
    int base = 0;
    if (arguments.size() != sizeof base) throw SerializationError("that is no int");
    std::memcpy(&base, arguments.data(), sizeof base);
    if (base < 0) throw std::invalid_argument("a negative base");
    return {new Sitter{base}, [](void* object) { delete static_cast<Sitter*>(object); }};
  }
  static constexpr detail::MethodThunk kMethod = nullptr;
  static constexpr detail::ConstructorThunk kConstruct = &construct;
};

void sit_tight(void*, detail::Invocation& invocation) {
  invocation.entered();
  const int turn = ++child_window->started;
  while (child_window->released.load() < turn) std::this_thread::yield();
}

void sum(void* actor, detail::Invocation& invocation) {
  const int number = argument_of(invocation);
  invocation.entered();
  answer_with(invocation, static_cast<Sitter*>(actor)->base + number);
}

void join(void*, detail::Invocation& invocation) {
  invocation.entered();
  const auto socket = child_host->join_as_client();
  const std::byte greeting{7};
  socket.send({&greeting, 1});
}

void fork_and_return(void*, detail::Invocation& invocation) {
  invocation.entered();
  const int pid = ::fork();
  if (pid == 0) return;
  const auto child = platform::Process::open(pid);
  child.wait_ended();
  answer_with(invocation, child.reap().value().exit_code);
}

[[noreturn]] void run_child(platform::ControlSocket socket, Window& window) {
  child_window = &window;
  Host host(std::move(socket));
  child_host = &host;
  ::_exit(host.run());
}

}  // namespace

wire::NodeReference sitter_constructor() {
  const wire::MethodId number = wire::number_of(detail::Registration<SitterKey>::node());
  return {number.module(), number.rank()};
}
wire::MethodId sit_tight_method() { return method<&sit_tight, Sitter>(); }
wire::MethodId sum_method() { return method<&sum, Sitter>(); }
wire::MethodId fork_method() { return method<&fork_and_return, Sitter>(); }
wire::MethodId join_method() { return method<&join, Sitter>(); }

ForkedHost::Opening::Opening()
    : requests(channel::ClientEnd::create_requests(geometry)),
      extents(channel::ClientEnd::create_request_extents(geometry)),
      event(platform::Event::pair()) {}

ForkedHost::ForkedHost() {
  number_own_nodes();
  window_ = {platform::SharedMemory::create("a test's window", sizeof(Window)), platform::Access::read_write};
  new (window_.data()) Window;
  auto [own, childs] = platform::ControlSocket::pair();
  const int pid = ::fork();
  if (pid == 0) {
    own = {};
    run_child(std::move(childs), window());
  }
  socket_ = std::move(own);
  process_ = platform::Process::open(pid);
}

ForkedHost::~ForkedHost() {
  process_.kill();
  process_.wait_ended();
  process_.reap();
}

void ForkedHost::construct(wire::NodeReference constructor, int argument, const Opening& opening) {
  const auto memory = platform::SharedMemory::create("a test's arguments", sizeof argument);
  const platform::Mapping mapping(memory, platform::Access::read_write);
  std::memcpy(mapping.data(), &argument, sizeof argument);
  wire::Construct message;
  message.constructor = constructor;
  message.argument_bytes = sizeof argument;
  message.channel = 1;
  message.offer = opening.offer();
  message.client_modules = wire::known_modules();
  const auto [requests, extents, event] = opening.handles();
  const std::array passed{requests, extents, event, memory.handle().get()};
  send(message, passed);
}

void ForkedHost::open(std::uint64_t channel, const Opening& opening) {
  send(wire::OpenChannel{channel, opening.offer(), wire::known_modules()}, opening.handles());
}

Client ForkedHost::client(const Opening& opening) {
  const auto memory = [this](std::size_t index) { return platform::SharedMemory::adopt(std::move(handles.at(index)), 0); };
  auto extents = platform::SharedMemory::adopt(opening.extents.handle().duplicate(), 0);
  OpenedChannel opened{nullptr, memory(0), memory(1), memory(2), platform::Event()};
  return {opening.geometry,
          opening.requests,
          std::move(extents),
          std::move(opened),
          platform::Event(opening.event.first.handle().duplicate()),
          platform::Event(std::move(handles.at(4)))};
}

Client ForkedHost::start(int argument) {
  const Opening opening;
  receive<wire::Hello>();
  construct(sitter_constructor(), argument, opening);
  receive<wire::Constructed>();
  return client(opening);
}

int ForkedHost::exit_code() {
  process_.wait_ended();
  return process_.reap().value().exit_code;
}

}  // namespace troupe::host
