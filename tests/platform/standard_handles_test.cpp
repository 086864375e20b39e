// SPDX-License-Identifier: BSL-1.0
#include "platform/standard_handles.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>

#include "platform/event.hpp"
#include "support.hpp"

namespace troupe::platform::testing {
namespace {

// A bit for each of them.
constexpr int kCombinations = 1 << 3;

void close_standard(int which) {
  for (int descriptor = 0; descriptor < 3; ++descriptor) {
    if ((which >> descriptor & 1) != 0) ::close(descriptor);
  }
}

int closed_standard() {
  int which = 0;
  for (int descriptor = 0; descriptor < 3; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) < 0) which |= 1 << descriptor;
  }
  return which;
}

bool is_null_device(int descriptor) {
  struct stat found {
  }, null{};
  return ::fstat(descriptor, &found) == 0 && ::stat("/dev/null", &null) == 0 && found.st_rdev == null.st_rdev;
}

TEST(StandardHandles, ThatAreClosedAreOpenedOnTheNullDeviceAndInherited) {
  for (int closed = 0; closed < kCombinations; ++closed) {
    const ForkedChild child([closed](ControlSocket&) {
      const auto before = open_handle_count();
      close_standard(closed);
      open_standard_handles();
      int wrong = open_handle_count() == before ? 0 : 8;
      for (int descriptor = 0; descriptor < 3; ++descriptor) {
        const bool was_closed = (closed >> descriptor & 1) != 0;
        const bool is_right = ::fcntl(descriptor, F_GETFD) == 0 && (!was_closed || is_null_device(descriptor));
        wrong |= is_right ? 0 : 1 << descriptor;
      }
      return wrong;
    });
    EXPECT_EQ(child.end(), ExitStatus{}) << "closed: " << closed;
  }
}

TEST(StandardHandles, ThatAreOpenStayWhatTheyAre) {
  const ForkedChild child([](ControlSocket&) {
    struct stat before {
    }, after{};
    const int file = ::open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    ::dup2(file, 1);
    ::close(2);
    ::fstat(1, &before);
    open_standard_handles();
    return ::fstat(1, &after) == 0 && before.st_ino == after.st_ino ? 0 : 1;
  });
  EXPECT_EQ(child.end(), ExitStatus{});
}

// Also of a program that closes them later, as daemons do.
TEST(StandardHandles, AreNeverWhatARuntimesHandleBecomes) {
  for (int closed = 0; closed < kCombinations; ++closed) {
    const ForkedChild child([closed](ControlSocket&) {
      close_standard(closed);
      const auto [one, other] = Event::pair();
      const auto sockets = ControlSocket::pair();
      const Process self = Process::self();
      const bool are_above = one.handle().get() > 2 && other.handle().get() > 2 && sockets.first.handle().get() > 2 &&
                             sockets.second.handle().get() > 2 && self.handle().get() > 2;
      return are_above && closed_standard() == closed ? 0 : 1;
    });
    EXPECT_EQ(child.end(), ExitStatus{}) << "closed: " << closed;
  }
}

}  // namespace
}  // namespace troupe::platform::testing
