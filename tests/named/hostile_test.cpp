// SPDX-License-Identifier: BSL-1.0
// What comes in at the door and is no honest client.
#include <array>
#include <chrono>
#include <string_view>
#include <thread>
#include <vector>

#include "platform/executable.hpp"
#include "platform/named_socket.hpp"
#include "platform/process.hpp"
#include "stage.hpp"
#include "wire/library.hpp"

namespace troupe::test {
namespace {

class Door : public NamedTest {
 protected:
  static platform::ControlSocket knock() {
    return std::move(platform::connect_to_named("lab", std::chrono::steady_clock::time_point::max())->socket);
  }
  // Blocks: until the manager has closed it.
  static bool is_sent_away(platform::ControlSocket& socket) { return !socket.receive() && !socket.is_open(); }
  static void join_as(platform::ControlSocket& socket, const wire::Hello& hello, const platform::Process& process) {
    const platform::Handle executable = platform::open_own_executable();
    const std::array handles{executable.get(), process.handle().get()};
    socket.send(wire::encode_message<wire::ToManagerFromClient>(wire::Join{hello, {}, {}}), handles);
  }

  Program manager_ = Program::serve("lab");
  Runtime honest_ = Runtime::connect("lab");
  Proxy<Counter> counter_ = honest_.spawn<Counter>(10);
};

TEST_F(Door, IsShutOnWhoSendsGarbage) {
  constexpr std::string_view kGarbage = "GET / HTTP/1.0\r\n\r\n";
  auto socket = knock();
  socket.send(std::as_bytes(std::span(kGarbage)));
  EXPECT_TRUE(is_sent_away(socket));
  EXPECT_EQ(counter_.call<&Counter::add>(5).get(), 15);
  EXPECT_EQ(Runtime::connect("lab").actors().size(), 1u);
}

TEST_F(Door, IsShutOnWhoShowsAnothersProcess) {
  auto socket = knock();
  const auto other = platform::Process::open(manager_.pid());
  join_as(socket, wire::own_hello(platform::Process::self().pid()), other);
  EXPECT_TRUE(is_sent_away(socket));
}

TEST_F(Door, IsShutOnWhoSaysAnothersNumber) {
  auto socket = knock();
  join_as(socket, wire::own_hello(manager_.pid()), platform::Process::self());
  EXPECT_TRUE(is_sent_away(socket));
}

TEST_F(Door, IsShutOnAnotherVersionWithAWordAboutIt) {
  auto socket = knock();
  auto hello = wire::own_hello(platform::Process::self().pid());
  hello.library = "troupe 9.9";
  join_as(socket, hello, platform::Process::self());
  const auto answer = socket.receive();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(std::holds_alternative<wire::Refused>(wire::decode_message<wire::ToClient>(answer->bytes)));
  EXPECT_TRUE(is_sent_away(socket));
}

TEST_F(Door, IsOpenForOthersWhileOneSaysNothing) {
  auto socket = knock();
  EXPECT_EQ(Runtime::connect("lab").actors().size(), 1u);
}

TEST_F(Door, IsShutOnTheOldestOfTooManyThatSayNothing) {
  constexpr int kMost = 64;
  std::vector<platform::ControlSocket> sockets;
  for (int i = 0; i <= kMost; ++i) sockets.push_back(knock());
  const auto answer = sockets[0].receive();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(std::holds_alternative<wire::Refused>(wire::decode_message<wire::ToClient>(answer->bytes)));
  EXPECT_TRUE(is_sent_away(sockets[0]));
  EXPECT_EQ(Runtime::connect("lab").actors().size(), 1u);
}

// The manager was late, not the client.
TEST_F(Door, IsOpenToTheOldestOfTooManyWhenItHasSaidItsWord) {
  constexpr int kMost = 64;
  manager_.send(SIGSTOP);
  auto first = knock();
  join_as(first, wire::own_hello(platform::Process::self().pid()), platform::Process::self());
  std::vector<platform::ControlSocket> sockets;
  for (int i = 0; i < kMost; ++i) sockets.push_back(knock());
  manager_.send(SIGCONT);
  const auto answer = first.receive();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(std::holds_alternative<wire::Welcome>(wire::decode_message<wire::ToClient>(answer->bytes)));
}

TEST_F(Door, IsShutInTheEndOnWhoSaysNothing) {
  auto socket = knock();
  ASSERT_TRUE(socket.receive());
  EXPECT_TRUE(is_sent_away(socket));
}

// Nobody takes its connection out of the queue, or answers.
TEST_F(Door, OfAManagerThatIsStoppedIsWaitedAtForTheStartTimeout) {
  manager_.send(SIGSTOP);
  EXPECT_THROW((void)Runtime::connect("lab", {.start_timeout = std::chrono::milliseconds(50)}), StartError);
  manager_.send(SIGCONT);
  EXPECT_EQ(counter_.call<&Counter::add>(5).get(), 15);
}

}  // namespace
}  // namespace troupe::test
