// SPDX-License-Identifier: BSL-1.0
#include "platform/event_set.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "support.hpp"

namespace troupe::platform::testing {
namespace {

TEST(EventSet, ASignalFromBeforeItWasAddedCounts) {
  EventSet set;
  const auto [event, other] = Event::pair();
  other.signal();
  set.add(event);
  set.wait();
}

TEST(EventSet, EachSignalWakesAgain) {
  EventSet set;
  const auto [event, other] = Event::pair();
  set.add(event);
  for (int i = 0; i < 10'000; ++i) {
    other.signal();
    set.wait();
  }
}

TEST(EventSet, OneOfManyIsEnough) {
  EventSet set;
  std::vector<std::pair<Event, Event>> events(100);
  for (auto& event : events) {
    event = Event::pair();
    set.add(event.first);
  }
  events[70].second.signal();
  set.wait();
}

TEST(EventSet, WakesAThreadThatSleeps) {
  EventSet set;
  const auto [event, other] = Event::pair();
  set.add(event);
  const std::jthread sleeper([&set] { set.wait(); });
  other.signal();
}

// Otherwise the second wait would end before the signal comes.
TEST(EventSet, AnEventWhoseOtherEndIsGoneWakesOnlyOnce) {
  EventSet set;
  auto [gone, its_other] = Event::pair();
  const auto [kept, other] = Event::pair();
  set.add(gone);
  set.add(kept);
  its_other = {};
  set.wait();
  std::atomic<bool> is_signalled{false};
  const std::jthread signaller([&is_signalled, &end = other] {
    is_signalled = true;
    end.signal();
  });
  set.wait();
  EXPECT_TRUE(is_signalled);
}

// Whoever waits for it would sleep for ever: so a child does, until the other one is signalled, when it has slept.
TEST(EventSet, ARemovedEventIsSilent) {
  ForkedChild child([](ControlSocket& socket) {
    EventSet set;
    const auto [removed, its_other] = Event::pair();
    const auto [kept, other] = Event::pair();
    set.add(removed);
    set.add(kept);
    set.remove(removed);
    other.signal();
    set.wait();
    its_other.signal();
    std::atomic<bool> is_asked{false};
    std::thread([&socket, &signaller = other, &is_asked] {
      receive_text(socket);
      is_asked = true;
      signaller.signal();
    }).detach();
    socket.send(bytes_of("waiting"));
    set.wait();
    return is_asked ? 0 : 1;
  });
  EXPECT_EQ(receive_text(child.socket), "waiting");
  child.socket.send(bytes_of(kGo));
  EXPECT_EQ(child.end(), ExitStatus{.exit_code = 0});
}

}  // namespace
}  // namespace troupe::platform::testing
