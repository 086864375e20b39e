// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <thread>

#include "platform/life_page.hpp"
#include "support.hpp"

// Each child owns a life page in a second thread, as a host does, and marks it when it crashes.
namespace troupe::platform::testing {

inline void without_core() {
  constexpr rlimit kNone{0, 0};
  ::setrlimit(RLIMIT_CORE, &kNone);
}

inline void send_page(const ControlSocket& socket, const LifePage& page, unsigned word) {
  const int handle = page.memory().handle().get();
  socket.send({reinterpret_cast<const std::byte*>(&word), sizeof(word)}, {&handle, 1});
}

template <class Crash>
auto child_that(Crash crash) {
  return [crash](ControlSocket& socket) {
    without_core();
    auto& page = *new LifePage;
    std::thread([&page, &socket] {
      page.own_by_this_thread();
      send_page(socket, page, page.raise_word().value());
      for (;;) ::pause();
    }).detach();
    mark_life_page_on_crash(page);
    socket.receive();
    crash(socket);
    return 1;
  };
}

struct MarkedChild : ForkedChild {
  template <class Crash>
  explicit MarkedChild(Crash crash) : ForkedChild(child_that(crash)) {
    auto packet = socket.receive().value();
    std::memcpy(&word, packet.bytes.data(), sizeof(word));
    view = LifeView(SharedMemory::adopt(std::move(packet.handles.at(0)), kLifePageBytes));
  }

  LifeView view;
  unsigned word = 0;
};

[[gnu::noinline]] __attribute__((no_sanitize("undefined"))) inline void read_from(std::uintptr_t address) {
  static volatile std::uintptr_t hidden;  // from the compiler, which would warn
  hidden = address;
  (void)*reinterpret_cast<volatile int*>(hidden);
}

// Deeper than any stack; the compiler must neither see that nor make a loop of it.
inline int overflow(volatile int* depth) {
  volatile int frame[1024];
  frame[0] = *depth + 1;
  return *depth < 0 ? 0 : overflow(frame) + frame[0];
}

}  // namespace troupe::platform::testing
