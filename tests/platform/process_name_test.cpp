// SPDX-License-Identifier: BSL-1.0
#include "platform/process_name.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "support.hpp"

namespace troupe::platform::testing {
namespace {

std::string name_after_setting(const std::string& name) {
  ForkedChild child([&name](ControlSocket& socket) {
    set_process_name(name);
    std::string seen;
    std::getline(std::ifstream("/proc/self/comm"), seen);
    socket.send(bytes_of(seen));
    return 0;
  });
  return receive_text(child.socket);
}

TEST(ProcessName, IsWhatOthersSee) { EXPECT_EQ(name_after_setting("troupe-test"), "troupe-test"); }

TEST(ProcessName, IsCutAfterFifteenBytes) { EXPECT_EQ(name_after_setting("0123456789abcdefgh"), "0123456789abcde"); }

}  // namespace
}  // namespace troupe::platform::testing
