// SPDX-License-Identifier: BSL-1.0
#include "platform/output_pipe.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <utility>

#include "platform/os_error.hpp"

namespace troupe::platform {

OutputPipe OutputPipe::create() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_os_error(errno, "a pipe for what an actor prints");
  OutputPipe pipe{Handle(ends[0]), Handle(ends[1])};
  if (::fcntl(pipe.reader.get(), F_SETFL, O_NONBLOCK) != 0) throw_os_error(errno, "a pipe for what an actor prints");
  return pipe;
}

// By its name in /proc: so it is opened, where dup(2) would share what is there.
Handle opened_again(const Handle& reader) {
  const std::string name = "/proc/self/fd/" + std::to_string(reader.get());
  Handle again(::open(name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!again) throw_os_error(errno, "a second reader of what an actor prints (" + name + ")");
  return again;
}

OutputRead read_output(const Handle& reader, std::span<char> buffer) noexcept {
  const ssize_t count = ::read(reader.get(), buffer.data(), buffer.size());
  if (count > 0) return {static_cast<std::size_t>(count), false};
  return {0, count == 0};
}

namespace {

constexpr int kPatienceMilliseconds = 50;
constexpr int kSoonMilliseconds = 1;
constexpr int kNever = -1;

int sooner(int one, int other) { return one == kNever ? other : other == kNever ? one : std::min(one, other); }

constexpr std::size_t kStackBytes = std::size_t{128} << 10;

// A pipe is a row of pages, and small writes share a page only where they fit: half of its bytes may fill it. So it counts as
// nearly full well before that, and is relieved to a size that holds what a report wants.
class Stream {
 public:
  Stream() = default;
  explicit Stream(Handle reader) : reader_(std::move(reader)) {
    const int bytes = ::fcntl(reader_.get(), F_GETPIPE_SZ);
    if (bytes < 0) throw_os_error(errno, "what an actor prints goes into no pipe");
    most_ = static_cast<std::size_t>(bytes) * 3 / 8;
    kept_ = most_ / 3;
  }

  const Handle& reader() const { return reader_; }
  void close() noexcept { reader_.reset(); }

  // When something was written, or may have been. In how many milliseconds to look again, even if nothing tells of a write: one
  // that finds the pipe not empty, and fills it, wakes nobody before it has found room for the rest.
  int relieve(std::atomic<std::uint64_t>& lost_bytes) noexcept {
    const std::size_t before = unread();
    if (before < kept_) is_unread_ = false;
    if (before <= most_) return before == 0 ? kNever : kPatienceMilliseconds;
    if (!is_unread_ && is_read_soon()) return kPatienceMilliseconds;
    is_unread_ = true;
    while (unread() > most_) lost_bytes.fetch_add(drop(), std::memory_order_relaxed);
    return kSoonMilliseconds;  // the rest of that write may be coming
  }

 private:
  std::size_t unread() const noexcept {
    int bytes = 0;
    return ::ioctl(reader_.get(), FIONREAD, &bytes) == 0 && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
  }

  bool is_read_soon() const noexcept {
    constexpr timespec kMillisecond{0, 1'000'000};
    for (int i = 0; i < kPatienceMilliseconds; ++i) {
      ::nanosleep(&kMillisecond, nullptr);
      if (unread() <= most_) return true;
    }
    return false;
  }

  std::size_t drop() const noexcept {
    std::array<char, 8192> dropped;
    const std::size_t superfluous = unread() - std::min(unread(), kept_);
    return read_output(reader_, std::span(dropped).first(std::min(superfluous, dropped.size()))).bytes;
  }

  Handle reader_;
  std::size_t most_ = 0;  // unread: more, and it may be full
  std::size_t kept_ = 0;
  bool is_unread_ = false;  // nobody else has read of late
};

// Keeps both streams writable. It sleeps until something is written: edge-triggered, since what is there is another's to read.
// While something is there it looks now and then; for ever it sleeps on empty pipes only, where each write is told of.
class Relief {
 public:
  Relief(Handle out, Handle err, std::atomic<std::uint64_t>& lost_bytes)
      : streams_{Stream(std::move(out)), Stream(std::move(err))}, lost_bytes_(lost_bytes) {
    if (!written_) throw_os_error(errno, "watching what an actor prints");
    for (const Stream& stream : streams_) {
      epoll_event event{EPOLLIN | EPOLLET, {}};
      if (::epoll_ctl(written_.get(), EPOLL_CTL_ADD, stream.reader().get(), &event) != 0)
        throw_os_error(errno, "watching what an actor prints");
    }
  }

  void close() noexcept {
    for (Stream& stream : streams_) stream.close();
  }

  [[noreturn]] void run() noexcept {
    std::array<epoll_event, 2> events{};
    for (int milliseconds = kNever;;) {
      (void)::epoll_wait(written_.get(), events.data(), static_cast<int>(events.size()), milliseconds);
      milliseconds = sooner(streams_[0].relieve(lost_bytes_), streams_[1].relieve(lost_bytes_));
    }
  }

 private:
  Handle written_{::epoll_create1(EPOLL_CLOEXEC)};
  std::array<Stream, 2> streams_;
  std::atomic<std::uint64_t>& lost_bytes_;
};

Relief* relief_here = nullptr;

// In a forked child, where nobody keeps anything writable: with a reader of its own it would never find its output closed.
void leave_pipes() { relief_here->close(); }

void* run_relief(void* relief) { static_cast<Relief*>(relief)->run(); }

// Its stack counts against the actor's memory: a small one. No signal of the actor's is handled there.
void start(std::unique_ptr<Relief> relief) {
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, kStackBytes);
  ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  sigset_t all;
  sigset_t former;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &former);
  pthread_t thread{};
  const int error = ::pthread_create(&thread, &attributes, &run_relief, relief.get());
  ::pthread_sigmask(SIG_SETMASK, &former, nullptr);
  ::pthread_attr_destroy(&attributes);
  if (error != 0) throw_os_error(error, "a thread for what an actor prints");
  relief_here = relief.release();  // the thread's, until the process ends
  if (const int failed = ::pthread_atfork(nullptr, nullptr, &leave_pipes)) throw_os_error(failed, "pthread_atfork");
}

void become(int standard, const Handle& writer) {
  if (::dup2(writer.get(), standard) != standard) throw_os_error(errno, "taking over what an actor prints");
}

}  // namespace

void capture_output(OutputPipe out, OutputPipe err, std::atomic<std::uint64_t>& lost_bytes) {
  start(std::make_unique<Relief>(std::move(out.reader), std::move(err.reader), lost_bytes));
  std::fflush(stdout);
  become(STDOUT_FILENO, out.writer);
  become(STDERR_FILENO, err.writer);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
}

}  // namespace troupe::platform
