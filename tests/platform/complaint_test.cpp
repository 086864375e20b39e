// SPDX-License-Identifier: BSL-1.0
#include "platform/complaint.hpp"

#include <gtest/gtest.h>

#include <array>
#include <climits>
#include <string>

#include "platform/handle.hpp"
#include "stderr_on.hpp"
#include "support.hpp"

namespace troupe::platform::testing {
namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    reader = Handle(ends[0]);
    writer = Handle(ends[1]);
  }
  std::string read() const {
    std::string text(2 * PIPE_BUF, '\0');
    text.resize(static_cast<std::size_t>(::read(reader.get(), text.data(), text.size())));
    return text;
  }
  Handle reader, writer;
};

TEST(Complaint, IsOneLineUnderTheLibrarysName) {
  const Pipe pipe;
  {
    const StderrOn other(pipe.writer.get());
    complain("{} is {}", "it", 7);
  }
  EXPECT_EQ(pipe.read(), "troupe: it is 7\n");
}

TEST(Complaint, ALongOneIsCut) {
  const Pipe pipe;
  {
    const StderrOn other(pipe.writer.get());
    complain("{}", std::string(2 * PIPE_BUF, 'x'));
  }
  EXPECT_EQ(pipe.read().size(), static_cast<std::size_t>(PIPE_BUF));
}

TEST(Complaint, IsLostWhereThereIsNoRoom) {
  const StderrOn full("/dev/full");
  complain("nobody reads this");
}

TEST(Complaint, IsLostInAPipeThatNobodyEmpties) {
  const Pipe pipe;
  ASSERT_EQ(::fcntl(pipe.writer.get(), F_SETFL, O_NONBLOCK), 0);
  const std::array<char, PIPE_BUF> filling{};
  while (::write(pipe.writer.get(), filling.data(), filling.size()) > 0) continue;
  ASSERT_EQ(::fcntl(pipe.writer.get(), F_SETFL, 0), 0);
  const StderrOn stuck(pipe.writer.get());
  complain("nobody reads this");
}

TEST(Complaint, ABrokenPipeEndsNobody) {
  const ForkedChild child([](ControlSocket&) {
    ::signal(SIGPIPE, SIG_DFL);
    Pipe pipe;
    const StderrOn broken(pipe.writer.get());
    pipe.reader = {};
    complain("nobody reads this");
    return 7;
  });
  EXPECT_EQ(child.end(), ExitStatus{.exit_code = 7});
}

TEST(Complaint, AClosedStderrEndsNobody) {
  const ForkedChild child([](ControlSocket&) {
    ::close(STDERR_FILENO);
    complain("nobody reads this");
    return 7;
  });
  EXPECT_EQ(child.end(), ExitStatus{.exit_code = 7});
}

}  // namespace
}  // namespace troupe::platform::testing
