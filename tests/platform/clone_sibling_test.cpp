// SPDX-License-Identifier: BSL-1.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <charconv>
#include <thread>

#include "guests.hpp"
#include "support.hpp"

namespace troupe::platform::testing {
namespace {

// What a sibling says of itself; see the guest `zygote`.
struct Sibling {
  int pid = 0;
  std::string parent;
  std::string exercise;
};

Sibling clone_with(Guest& zygote) {
  zygote.socket.send(bytes_of("clone"));
  const std::string line = receive_text(zygote.socket);
  Sibling sibling;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), sibling.pid);
  sibling.parent = error == std::errc() ? line.substr(static_cast<std::size_t>(end - line.data())) : line;
  sibling.exercise = receive_text(zygote.socket);
  return sibling;
}

TEST(CloneSibling, TheChildBelongsToTheParentOfTheProcessThatCloned) {
  Guest zygote("zygote");
  const Sibling sibling = clone_with(zygote);
  EXPECT_EQ(sibling.parent, fmt::format(" {}", ::getpid()));
  const Process process = Process::open(sibling.pid);
  EXPECT_TRUE(process.wait_ended());
  EXPECT_EQ(end_of(process), (ExitStatus{.exit_code = 7}));
}

TEST(CloneSibling, TheChildMayUseThreadsMutexesAndMemory) {
  Guest zygote("zygote");
  for (int i = 0; i < 10; ++i) {
    const Sibling sibling = clone_with(zygote);
    EXPECT_EQ(sibling.exercise, "400 texts, locked");
    const Process process = Process::open(sibling.pid);
    EXPECT_EQ(end_of(process), (ExitStatus{.exit_code = 7}));
  }
}

TEST(CloneSibling, TheChildOutlivesTheProcessThatCloned) {
  Sibling sibling;
  {
    Guest zygote("zygote");
    sibling = clone_with(zygote);
  }
  const Process process = Process::open(sibling.pid);
  EXPECT_EQ(end_of(process), (ExitStatus{.exit_code = 7}));
}

TEST(CloneSibling, IsRefusedWhileThereAreOtherThreads) {
  auto pair = ControlSocket::pair();
  std::jthread other([&socket = pair.first] { socket.receive(); });
  std::string reason;
  EXPECT_FALSE(can_clone_sibling(reason));
  EXPECT_NE(reason.find("threads"), std::string::npos) << reason;
  pair.second.shut_down();
}

}  // namespace
}  // namespace troupe::platform::testing
