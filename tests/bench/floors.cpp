// SPDX-License-Identifier: BSL-1.0
#include "floors.hpp"

#include "child.hpp"
#include "processors.hpp"

#include <boost/interprocess/ipc/message_queue.hpp>

#include <linux/futex.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to the program

namespace troupe::bench::floors {

namespace {

[[noreturn]] void fail(const char* what, int error = errno) { throw std::system_error(error, std::generic_category(), what); }

// One cache line that one process writes and another reads.
struct alignas(64) Line {
  std::atomic<std::uint32_t> word{0};
};

// A line each way, in memory that a forked child shares.
struct Lines {
  Line there;
  Line back;
};

class SharedLines {
 public:
  SharedLines() {
    void* place = ::mmap(nullptr, sizeof(Lines), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED) fail("mmap");
    lines_ = new (place) Lines;
  }
  SharedLines(const SharedLines&) = delete;
  SharedLines& operator=(const SharedLines&) = delete;
  ~SharedLines() { ::munmap(lines_, sizeof(Lines)); }

  Lines* operator->() { return lines_; }

 private:
  Lines* lines_;
};

void write_spinning(Line& line, std::uint32_t value) { line.word.store(value, std::memory_order_release); }

void await_spinning(Line& line, std::uint32_t value) {
  while (line.word.load(std::memory_order_acquire) != value) {
  }
}

void write_waking(Line& line, std::uint32_t value) {
  line.word.store(value, std::memory_order_release);
  ::syscall(SYS_futex, &line.word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

void await_sleeping(Line& line, std::uint32_t value) {
  for (;;) {
    const auto seen = line.word.load(std::memory_order_acquire);
    if (seen == value) return;
    ::syscall(SYS_futex, &line.word, FUTEX_WAIT, seen, nullptr, nullptr, 0);
  }
}

// The other side answers each value with the same one, until it is killed.
template <class Write, class Await, class Before>
Latency round_trips_of(int count, Write write, Await await, Before before) {
  SharedLines lines;
  const Child echo = Child::forked([&] {
    const OnOneSide receiver(Side::receiver);
    for (std::uint32_t value = 1;; ++value) {
      await(lines->there, value);
      write(lines->back, value);
    }
  });
  const OnOneSide sender(Side::sender);
  std::uint32_t value = 0;
  const auto round_trip = [&] {
    write(lines->there, ++value);
    await(lines->back, value);
  };
  for (int i = 0; i < 100; ++i) round_trip();  // the other side is up, both have touched the memory
  return time_each(count, before, round_trip);
}

using Queue = boost::interprocess::message_queue;
using QueueMessage = std::array<char, 64>;
constexpr std::size_t kQueueDepth = 1024;

// Its name is gone before anybody else can see it; a forked child keeps the mapping.
class NamelessQueue {
 public:
  explicit NamelessQueue(const char* purpose)
      : name_(std::string("troupe-bench-") + purpose + std::to_string(::getpid())),
        queue_(boost::interprocess::create_only, name_.c_str(), kQueueDepth, sizeof(QueueMessage)) {
    Queue::remove(name_.c_str());
  }

  void send(const QueueMessage& message) { queue_.send(message.data(), message.size(), 0); }
  void receive(QueueMessage& message) {
    Queue::size_type size = 0;
    unsigned priority = 0;
    queue_.receive(message.data(), message.size(), size, priority);
  }

 private:
  std::string name_;
  Queue queue_;
};

void await_end(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace

Latency spin(int round_trips) {
  return round_trips_of(round_trips, write_spinning, await_spinning, [] {});
}

Latency futex(int round_trips) {
  return round_trips_of(round_trips, write_waking, await_sleeping, [] {});
}

Latency futex_after_silence(int round_trips) {
  return round_trips_of(round_trips, write_waking, await_sleeping, [] { std::this_thread::sleep_for(kSilence); });
}

Latency queue_round_trip(int round_trips) {
  NamelessQueue there("there");
  NamelessQueue back("back");
  const Child echo = Child::forked([&] {
    const OnOneSide receiver(Side::receiver);
    for (QueueMessage message{};;) {
      there.receive(message);
      back.send(message);
    }
  });
  const OnOneSide sender(Side::sender);
  QueueMessage message{};
  return time_each(round_trips, [&] {
    there.send(message);
    back.receive(message);
  });
}

Latency queue_one_way(int messages) {
  NamelessQueue there("there");
  NamelessQueue back("back");
  const Child reader = Child::forked([&] {
    const OnOneSide receiver(Side::receiver);
    QueueMessage message{};
    back.send(message);
    for (int i = 0; i < messages; ++i) there.receive(message);
    back.send(message);
  });
  const OnOneSide sender(Side::sender);
  QueueMessage message{};
  back.receive(message);  // the reader is up
  const Seconds span = time_of([&] {
    for (int i = 0; i < messages; ++i) there.send(message);
    back.receive(message);
  });
  const double mean_ns = span.count() * 1e9 / messages;
  return {.p50_ns = mean_ns, .p99_ns = mean_ns};
}

Latency exec(int processes) {
  std::string name = "troupe-bench";
  std::string argument = kExitAtOnce;
  char* const argv[] = {name.data(), argument.data(), nullptr};
  return time_each(processes, [&] {
    pid_t pid = 0;
    if (const int error = ::posix_spawn(&pid, "/proc/self/exe", nullptr, nullptr, argv, environ)) fail("posix_spawn", error);
    await_end(pid);
  });
}

Latency fork(int processes) {
  return time_each(processes, [] {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(0);
    if (pid < 0) fail("fork");
    await_end(pid);
  });
}

Latency kill(int processes) {
  pid_t pid = 0;
  int pidfd = -1;
  const auto end_last = [&] {
    if (pid == 0) return;
    await_end(std::exchange(pid, 0));
    ::close(pidfd);
  };
  const auto begin = [&] {
    end_last();
    pid = ::fork();
    if (pid == 0) {
      for (;;) ::pause();
    }
    if (pid < 0) fail("fork");
    pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (pidfd < 0) fail("pidfd_open");
  };
  const auto latency = time_each(processes, begin, [&] {
    pollfd ended{pidfd, POLLIN, 0};
    ::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
    if (::poll(&ended, 1, -1) != 1) fail("poll");
  });
  end_last();
  return latency;
}

Latency copy(int copies) {
  const std::vector<char> from(kCopyBytes, 'x');
  std::vector<char> to(kCopyBytes);
  return time_each(copies, [&] {
    std::memcpy(to.data(), from.data(), kCopyBytes);
    asm volatile("" : : "r"(to.data()) : "memory");
  });
}

}  // namespace troupe::bench::floors
