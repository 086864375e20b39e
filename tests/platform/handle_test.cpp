// SPDX-License-Identifier: BSL-1.0
#include "platform/handle.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <system_error>

#include "platform/event.hpp"
#include "support.hpp"

namespace troupe::platform::testing {
namespace {

bool is_open(int descriptor) { return ::fcntl(descriptor, F_GETFD) >= 0; }

TEST(Handle, ClosesWhatItOwns) {
  const int descriptor = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  { const Handle handle(descriptor); }
  EXPECT_FALSE(is_open(descriptor));
}

TEST(Handle, MovingLeavesOneOwner) {
  const auto before = open_handle_count();
  {
    Handle first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    Handle second(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    first = std::move(second);
    EXPECT_EQ(open_handle_count(), before + 1);
    EXPECT_FALSE(second);
  }
  EXPECT_EQ(open_handle_count(), before);
}

TEST(Handle, DuplicateIsCloseOnExec) {
  const Event event = Event::pair().first;
  const Handle copy = event.handle().duplicate();
  EXPECT_NE(copy.get(), event.handle().get());
  EXPECT_EQ(::fcntl(copy.get(), F_GETFD), FD_CLOEXEC);
}

TEST(Handle, DuplicateOfNothingFails) { EXPECT_THROW(Handle().duplicate(), std::system_error); }

}  // namespace
}  // namespace troupe::platform::testing
