// SPDX-License-Identifier: BSL-1.0
#include "platform/named_socket.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "platform/handle.hpp"
#include "support.hpp"

namespace troupe::platform::testing {
namespace {

// All handles that there can be, but for those that are let go.
class AllHandles {
 public:
  AllHandles() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 128;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    take();
  }
  void take() {
    for (;;) {
      Handle next(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0));
      if (!next) return;
      handles_.push_back(std::move(next));
    }
  }
  void let_go(std::size_t count) { handles_.resize(handles_.size() - count); }

 private:
  std::vector<Handle> handles_;
};

class NamedSocket : public ::testing::Test {
 protected:
  NamedSocket() {
    std::string pattern = (std::filesystem::temp_directory_path() / "troupe-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    ::setenv("XDG_RUNTIME_DIR", folder_.c_str(), 1);
  }
  ~NamedSocket() override {
    ::unsetenv("XDG_RUNTIME_DIR");
    std::filesystem::remove_all(folder_);
  }

 private:
  std::filesystem::path folder_;
};

// Who comes is accepted then, to be told that there is no room, and does not wait for ever. In a process of its own.
bool is_seen_without_a_handle(int looks_before) {
  NamedListener listener("full");
  if (listener.try_accept()) return false;
  AllHandles all;
  for (int i = 0; i < looks_before; ++i) {
    if (listener.try_accept()) return false;
  }
  all.let_go(8);
  const auto client = connect_to_named("full", std::chrono::steady_clock::now() + std::chrono::hours(1));
  all.take();
  const auto seen = listener.try_accept();
  return client && seen && seen->is_one_too_many;
}

TEST_F(NamedSocket, SeesWhoComesThoughThereIsNoHandleLeft) {
  const ForkedChild child([](ControlSocket&) { return is_seen_without_a_handle(0) ? 0 : 1; });
  EXPECT_EQ(child.end(), ExitStatus{});
}

TEST_F(NamedSocket, SeesWhoComesAfterItHasLookedForNobodyWithoutAHandle) {
  const ForkedChild child([](ControlSocket&) { return is_seen_without_a_handle(3) ? 0 : 1; });
  EXPECT_EQ(child.end(), ExitStatus{});
}

}  // namespace
}  // namespace troupe::platform::testing
