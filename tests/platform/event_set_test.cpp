// SPDX-License-Identifier: BSL-1.0
#include "platform/event_set.hpp"

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <thread>
#include <vector>

#include "support.hpp"

namespace troupe::platform::testing {
namespace {

TEST(EventSet, ASignalFromBeforeItWasAddedCounts) {
  EventSet set;
  const Event event = Event::create();
  event.signal();
  set.add(event);
  set.wait();
}

TEST(EventSet, ASecondSignalWakesAlsoWhenNobodyClearedTheFirst) {
  EventSet set;
  const Event event = Event::create();
  set.add(event);
  event.signal();
  set.wait();
  event.signal();
  set.wait();
}

TEST(EventSet, OneOfManyIsEnough) {
  EventSet set;
  std::vector<Event> events(100);
  for (Event& event : events) {
    event = Event::create();
    set.add(event);
  }
  events[70].signal();
  set.wait();
}

TEST(EventSet, WakesAThreadThatSleeps) {
  EventSet set;
  const Event event = Event::create();
  set.add(event);
  const std::jthread sleeper([&] { set.wait(); });
  event.signal();
}

// Whoever waits for it would sleep for ever: so a child does, until it is killed, once it has heard of the other one.
TEST(EventSet, ARemovedEventIsSilent) {
  ForkedChild child([](ControlSocket& socket) {
    EventSet set;
    const Event removed = Event::create();
    const Event kept = Event::create();
    set.add(removed);
    set.add(kept);
    set.remove(removed);
    kept.signal();
    set.wait();
    removed.signal();
    std::thread([&socket, &kept] {
      receive_text(socket);
      kept.signal();
    }).detach();
    socket.send(bytes_of("waiting"));
    set.wait();
    eventfd_t count = 0;
    ::eventfd_read(kept.handle().get(), &count);
    return static_cast<int>(count);  // 2: the first signal and the one that this asked for
  });
  EXPECT_EQ(receive_text(child.socket), "waiting");
  child.socket.send(bytes_of(kGo));
  EXPECT_EQ(child.end(), ExitStatus{.exit_code = 2});
}

}  // namespace
}  // namespace troupe::platform::testing
