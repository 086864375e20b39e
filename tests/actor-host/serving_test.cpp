// SPDX-License-Identifier: BSL-1.0
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>

#include "stage.hpp"

namespace troupe::test {

using Serving = ActorHostTest;

TEST_F(Serving, EndsInOrderWhenItIsTold) {
  Program lab = serve("lab");
  auto runtime = Runtime::connect("lab");
  const auto farewell = folder() / "farewell";
  const auto counter = runtime.spawn<Counter>({.name = "counter"}, 1, farewell.string());
  lab.send(SIGTERM);
  EXPECT_EQ(lab.wait(), 0);
  EXPECT_TRUE(std::filesystem::exists(farewell));
  EXPECT_FALSE(has_file("lab.sock"));
  EXPECT_FALSE(has_file("lab.lock"));
}

TEST_F(Serving, TellsTheServiceManagerThatItIsReady) {
  const int receiver = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(receiver, 0);
  const std::string path = (folder() / "notify").string();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  std::memcpy(address.sun_path, path.data(), path.size());
  ASSERT_EQ(::bind(receiver, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  const Program lab = serve("lab");
  ::unsetenv("NOTIFY_SOCKET");
  std::array<char, 64> text{};
  const auto size = ::recv(receiver, text.data(), text.size(), 0);
  ::close(receiver);
  ASSERT_GT(size, 0);
  EXPECT_EQ(std::string(text.data(), static_cast<std::size_t>(size)), "READY=1");
}

}  // namespace troupe::test
