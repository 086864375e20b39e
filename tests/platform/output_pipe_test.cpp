// SPDX-License-Identifier: BSL-1.0
#include "platform/output_pipe.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>
#include <system_error>

#include "support.hpp"

namespace troupe::platform::testing {
namespace {

std::atomic<std::uint64_t> lost_bytes;

// A child whose output goes into pipes that nobody has read yet.
class PrintingChild {
 public:
  template <class Body>
  explicit PrintingChild(Body body)
      : child_([&](ControlSocket& socket) {
          capture_output(std::move(out_), std::move(err_), lost_bytes);
          body(socket);
          return lost_bytes.load() != 0 ? 1 : 0;
        }) {
    out_.writer.reset();
    err_.writer.reset();
  }

  const Process& process() const { return child_.process; }
  ControlSocket& socket() { return child_.socket; }
  // Blocks: until it has ended. Its exit code: whether something was lost.
  ExitStatus end() const { return child_.end().value(); }
  std::string printed() const { return all_of(out_.reader); }
  std::string complained() const { return all_of(err_.reader); }

 private:
  static std::string all_of(const Handle& reader) {
    std::string text(std::size_t{1} << 20, '\0');
    text.resize(read_output(reader, text).bytes);
    return text;
  }

  OutputPipe out_ = OutputPipe::create();
  OutputPipe err_ = OutputPipe::create();
  ForkedChild child_;
};

TEST(CapturedOutput, HasBothStreams) {
  const PrintingChild child([](ControlSocket&) {
    std::fputs("to stdout\n", stdout);
    std::fputs("to stderr\n", stderr);
  });
  EXPECT_EQ(child.end(), ExitStatus());
  EXPECT_EQ(child.printed(), "to stdout\n");
  EXPECT_EQ(child.complained(), "to stderr\n");
}

TEST(CapturedOutput, HasWhatWasPrintedInTheLastInstant) {
  const PrintingChild child([](ControlSocket&) {
    std::fputs("the last line\n", stdout);
    const Process self = Process::self();
    if (::write(STDERR_FILENO, "the last word", 13) == 13) self.kill();
    for (;;) ::pause();
  });
  EXPECT_EQ(child.end(), (ExitStatus{.signal = SIGKILL}));
  EXPECT_EQ(child.printed(), "the last line\n");
  EXPECT_EQ(child.complained(), "the last word");
}

TEST(CapturedOutput, LosesNothingThatAPipeHoldsEasily) {
  constexpr std::size_t kBytes = 16 * 1024;
  const PrintingChild child([](ControlSocket&) {
    for (std::size_t i = 0; i < kBytes; ++i) std::fputc('x', stderr);
  });
  EXPECT_EQ(child.end(), ExitStatus());
  EXPECT_EQ(child.complained().size(), kBytes);
}

void print_numbers(std::FILE* stream, int count) {
  for (int i = 1; i <= count; ++i) fmt::print(stream, "line {}\n", i);
}

TEST(CapturedOutput, WaitsForNobodyWhoReads) {
  constexpr int kLines = 200'000;
  const PrintingChild child([](ControlSocket&) {
    print_numbers(stdout, kLines);
    print_numbers(stderr, kLines);
  });
  EXPECT_EQ(child.end(), (ExitStatus{.exit_code = 1}));
  const std::string last = fmt::format("\nline {}\nline {}\n", kLines - 1, kLines);
  EXPECT_TRUE(child.printed().ends_with(last));
  EXPECT_TRUE(child.complained().ends_with(last));
}

// Each of these takes a page of the pipe, and uses half of it.
TEST(CapturedOutput, WaitsForNobodyWhateverThePiecesAre) {
  const PrintingChild child([](ControlSocket&) {
    const std::string piece(2049, 'x');
    for (int i = 0; i < 200; ++i) {
      if (::write(STDERR_FILENO, piece.data(), piece.size()) < 0) ::_exit(2);
    }
  });
  EXPECT_EQ(child.end(), (ExitStatus{.exit_code = 1}));
}

// Of a write that fills the pipe before its end nothing tells, but when it found it empty.
TEST(CapturedOutput, WaitsForNobodyHoweverMuchIsWrittenAtOnce) {
  const PrintingChild child([](ControlSocket&) {
    const std::string text(std::size_t{1} << 20, 'x');
    for (const std::size_t bytes : {std::size_t{2}, std::size_t{64} << 10, text.size()}) {
      if (::write(STDERR_FILENO, text.data(), bytes) != static_cast<ssize_t>(bytes)) ::_exit(2);
    }
  });
  EXPECT_EQ(child.end(), (ExitStatus{.exit_code = 1}));
}

TEST(CapturedOutput, LeavesAReaderHisTime) {
  PrintingChild child([](ControlSocket& socket) {
    for (int i = 0; i < 8; ++i) {
      const std::string piece(20 * 1024, 'x');
      if (::write(STDERR_FILENO, piece.data(), piece.size()) < 0) ::_exit(2);
      socket.send(bytes_of("written"));
      socket.receive();
    }
  });
  std::size_t bytes = 0;
  for (int i = 0; i < 8; ++i) {
    child.socket().receive();
    bytes += child.complained().size();
    child.socket().send(bytes_of("read"));
  }
  EXPECT_EQ(child.end(), ExitStatus());
  EXPECT_EQ(bytes, 8u * 20 * 1024);
}

TEST(CapturedOutput, IsClosedForWhomItForkedWhenNobodyIsLeftToRead) {
  OutputPipe out = OutputPipe::create();
  OutputPipe err = OutputPipe::create();
  ForkedChild child([&](ControlSocket& socket) {
    capture_output(std::move(out), std::move(err), lost_bytes);
    if (::fork() != 0) return 0;
    ::signal(SIGPIPE, SIG_IGN);
    socket.receive();
    const bool is_closed = ::write(STDERR_FILENO, "x", 1) < 0 && errno == EPIPE;
    socket.send(bytes_of(is_closed ? "closed" : "open"));
    return 0;
  });
  out = {};
  err = {};
  EXPECT_EQ(child.end(), ExitStatus());
  child.socket.send(bytes_of(kGo));
  EXPECT_EQ(receive_text(child.socket), "closed");
}

TEST(CapturedOutput, GoesIntoPipesOnly) {
  OutputPipe out = OutputPipe::create();
  OutputPipe err = OutputPipe::create();
  err.reader = Handle(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_THROW(capture_output(std::move(out), std::move(err), lost_bytes), std::system_error);
}

// It hangs where that is not so.
TEST(OutputPipe, DoesNotBlockWhoOpenedItAgainWhateverTheOthersDo) {
  const OutputPipe pipe = OutputPipe::create();
  const Handle own = opened_again(pipe.reader);
  ASSERT_EQ(::fcntl(pipe.reader.get(), F_SETFL, 0), 0);
  std::array<char, 8> buffer{};
  const auto nothing = read_output(own, buffer);
  EXPECT_EQ(nothing.bytes, 0u);
  EXPECT_FALSE(nothing.is_ended);
  ASSERT_EQ(::write(pipe.writer.get(), "word", 4), 4);
  EXPECT_EQ(read_output(own, buffer).bytes, 4u);
}

TEST(OutputPipe, SaysWhenNobodyIsLeft) {
  OutputPipe pipe = OutputPipe::create();
  std::array<char, 8> buffer{};
  EXPECT_FALSE(read_output(pipe.reader, buffer).is_ended);
  pipe.writer.reset();
  EXPECT_TRUE(read_output(pipe.reader, buffer).is_ended);
}

}  // namespace
}  // namespace troupe::platform::testing
