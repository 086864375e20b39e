// SPDX-License-Identifier: BSL-1.0
#include "platform/control_socket.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "platform/event.hpp"
#include "platform/poll.hpp"
#include "support.hpp"

namespace troupe::platform::testing {
namespace {

using std::chrono::steady_clock;

// What a peer sends that does not keep to ControlSocket's limits.
bool send_raw(const ControlSocket& socket, std::size_t bytes, std::size_t handle_count) {
  std::vector<std::byte> text(bytes);
  iovec piece{text.data(), text.size()};
  alignas(cmsghdr) std::array<std::byte, 256> control{};
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = CMSG_SPACE(handle_count * sizeof(int));
  cmsghdr* first = CMSG_FIRSTHDR(&header);
  first->cmsg_level = SOL_SOCKET;
  first->cmsg_type = SCM_RIGHTS;
  first->cmsg_len = CMSG_LEN(handle_count * sizeof(int));
  const std::vector<int> handles(handle_count, 0);
  std::memcpy(CMSG_DATA(first), handles.data(), handle_count * sizeof(int));
  return ::sendmsg(socket.handle().get(), &header, MSG_NOSIGNAL) >= 0;
}

TEST(ControlSocket, DeliversWholeMessagesInOrder) {
  auto [here, there] = ControlSocket::pair();
  EXPECT_TRUE(here.send(bytes_of("one")));
  EXPECT_TRUE(here.send(bytes_of("two")));
  EXPECT_EQ(receive_text(there), "one");
  EXPECT_EQ(receive_text(there), "two");
}

TEST(ControlSocket, CarriesTheLargestMessage) {
  auto [here, there] = ControlSocket::pair();
  std::vector<std::byte> large(ControlSocket::kMaxMessageBytes, std::byte{7});
  large.back() = std::byte{8};
  EXPECT_TRUE(here.send(large));
  EXPECT_EQ(there.receive()->bytes, large);
}

TEST(ControlSocket, RefusesToSendPastTheLimits) {
  const auto [here, there] = ControlSocket::pair();
  const std::vector<std::byte> large(ControlSocket::kMaxMessageBytes + 1);
  const std::vector<int> handles(ControlSocket::kMaxHandles + 1, 0);
  EXPECT_THROW(here.send(large), std::invalid_argument);
  EXPECT_THROW(here.send({}), std::invalid_argument);
  EXPECT_THROW(here.send(bytes_of("x"), handles), std::invalid_argument);
}

TEST(ControlSocket, PassesHandlesOnTheSameFileCloseOnExec) {
  auto [here, there] = ControlSocket::pair();
  const auto [event, other_end] = Event::pair();
  const std::vector<int> handles(ControlSocket::kMaxHandles, other_end.handle().get());
  EXPECT_TRUE(here.send(bytes_of("x"), handles));
  auto packet = there.receive();
  ASSERT_TRUE(packet && packet->handles.size() == handles.size());
  EXPECT_EQ(::fcntl(packet->handles[15].get(), F_GETFD), FD_CLOEXEC);
  Event(std::move(packet->handles[15])).signal();
  EXPECT_TRUE(wait_ready(event.handle().get(), ReadyTo::read, steady_clock::now()));
}

TEST(ControlSocket, LeaksNoHandle) {
  const auto before = open_handle_count();
  {
    auto [here, there] = ControlSocket::pair();
    const std::vector<int> handles(3, 0);
    EXPECT_TRUE(here.send(bytes_of("received"), handles));
    EXPECT_TRUE(there.receive());
    EXPECT_TRUE(here.send(bytes_of("never received"), handles));
  }
  EXPECT_EQ(open_handle_count(), before);
}

TEST(ControlSocket, ClosesOnATruncatedMessageAndDropsItsHandles) {
  const auto before = open_handle_count();
  auto [here, there] = ControlSocket::pair();
  ASSERT_TRUE(send_raw(here, ControlSocket::kMaxMessageBytes + 1, 2));
  EXPECT_FALSE(there.receive());
  EXPECT_FALSE(there.is_open());
  EXPECT_EQ(open_handle_count(), before + 2);
  EXPECT_FALSE(here.send(bytes_of("x")));
}

TEST(ControlSocket, ClosesOnTooManyHandlesAndDropsThem) {
  const auto before = open_handle_count();
  auto [here, there] = ControlSocket::pair();
  ASSERT_TRUE(send_raw(here, 1, ControlSocket::kMaxHandles + 4));
  EXPECT_FALSE(there.try_receive());
  EXPECT_FALSE(there.is_open());
  EXPECT_EQ(open_handle_count(), before + 2);
}

TEST(ControlSocket, AMessageWhoseHandlesFindNoRoomComesWithoutThem) {
  auto [here, there] = ControlSocket::pair();
  const std::vector<int> handles(3, 0);
  ASSERT_TRUE(here.send(bytes_of("handles"), handles));
  ASSERT_TRUE(here.send(bytes_of("none")));
  const ForkedChild child([&socket = there](ControlSocket&) {
    const rlimit tight{static_cast<rlim_t>(Event::pair().first.handle().get() + 2), 1024};  // room for two
    ::setrlimit(RLIMIT_NOFILE, &tight);
    const auto packet = socket.receive();
    const bool is_told = packet && text_of(*packet) == "handles" && packet->handles_lost && packet->handles.empty();
    return is_told && receive_text(socket) == "none" && socket.is_open() ? 7 : 1;
  });
  EXPECT_EQ(child.end(), ExitStatus{.exit_code = 7});
}

TEST(ControlSocket, TryReceiveTellsNothingYetFromGone) {
  auto [here, there] = ControlSocket::pair();
  EXPECT_FALSE(there.try_receive());
  EXPECT_TRUE(there.is_open());
  here = ControlSocket();
  EXPECT_FALSE(there.try_receive());
  EXPECT_FALSE(there.is_open());
}

TEST(ControlSocket, ReceiveEndsAtItsDeadline) {
  auto [here, there] = ControlSocket::pair();
  EXPECT_FALSE(there.receive(steady_clock::now() + std::chrono::milliseconds(1)));
  EXPECT_TRUE(there.is_open());
}

TEST(ControlSocket, WhatAPeerSentBeforeItWentIsDelivered) {
  auto [here, there] = ControlSocket::pair();
  EXPECT_TRUE(here.send(bytes_of("last words")));
  here = ControlSocket();
  EXPECT_EQ(receive_text(there), "last words");
  EXPECT_EQ(receive_text(there), "(closed)");
}

// The kernel then reports ECONNRESET ahead of the messages.
TEST(ControlSocket, WhatAPeerSentIsDeliveredAlsoWhenItHadNotReadEverything) {
  auto [here, there] = ControlSocket::pair();
  EXPECT_TRUE(there.send(bytes_of("unread")));
  EXPECT_TRUE(here.send(bytes_of("last words")));
  here = ControlSocket();
  EXPECT_EQ(receive_text(there), "last words");
  EXPECT_EQ(receive_text(there), "(closed)");
}

TEST(ControlSocket, SendingToAPeerThatIsGoneFailsWithoutASignal) {
  auto [here, there] = ControlSocket::pair();
  there = ControlSocket();
  EXPECT_FALSE(here.send(bytes_of("x")));
}

TEST(ControlSocket, SendingToAPeerThatDoesNotReadEndsAtItsDeadline) {
  const auto [here, there] = ControlSocket::pair();
  const std::vector<std::byte> large(ControlSocket::kMaxMessageBytes);
  while (here.send(large, {}, steady_clock::now())) continue;
  EXPECT_FALSE(here.send(large, {}, steady_clock::now() + std::chrono::milliseconds(1)));
}

TEST(ControlSocket, ASenderThatWaitsGoesOnWhenThePeerReads) {
  auto [here, there] = ControlSocket::pair();
  const std::vector<std::byte> large(ControlSocket::kMaxMessageBytes);
  std::jthread sender([&socket = here, &large] {
    for (int i = 0; i < 64; ++i) EXPECT_TRUE(socket.send(large));
  });
  for (int i = 0; i < 64; ++i) EXPECT_TRUE(there.receive());
}

TEST(ControlSocket, ASenderThatWaitsEndsWhenThePeerGoes) {
  auto [here, there] = ControlSocket::pair();
  const std::vector<std::byte> large(ControlSocket::kMaxMessageBytes);
  std::jthread sender([&socket = here, &large] {
    while (socket.send(large)) continue;
  });
  EXPECT_TRUE(there.receive());
  there = ControlSocket();
}

TEST(ControlSocket, AReceiverThatWaitsEndsWhenItIsShutDown) {
  auto pair = ControlSocket::pair();
  std::jthread receiver([&socket = pair.first] { EXPECT_FALSE(socket.receive()); });
  pair.first.shut_down();
  EXPECT_FALSE(pair.second.receive());
}

TEST(ControlSocket, SurvivesSignals) {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  struct sigaction former {};
  ::sigaction(SIGUSR1, &action, &former);
  auto pair = ControlSocket::pair();
  std::jthread receiver([&socket = pair.first] { EXPECT_EQ(receive_text(socket), "after signals"); });
  for (int i = 0; i < 100; ++i) ::pthread_kill(receiver.native_handle(), SIGUSR1);
  EXPECT_TRUE(pair.second.send(bytes_of("after signals")));
  receiver.join();
  ::sigaction(SIGUSR1, &former, nullptr);
}

}  // namespace
}  // namespace troupe::platform::testing
