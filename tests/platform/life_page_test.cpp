// SPDX-License-Identifier: BSL-1.0
#include "platform/life_page.hpp"

#include <gtest/gtest.h>
#include <troupe/error.hpp>

#include <chrono>
#include <csignal>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support.hpp"

namespace troupe::platform::testing {
namespace {

// The test's look at a page that a child will own: the child inherits the page by fork, which also makes its pid wrong,
// so each child makes one of its own and sends its handle.
LifeView receive_view(ForkedChild& child) {
  auto packet = child.socket.receive();
  return LifeView(SharedMemory::adopt(std::move(packet.value().handles.at(0)), kLifePageBytes));
}

void send_page(const ControlSocket& socket, const LifePage& page) {
  const int handle = page.memory().handle().get();
  socket.send(bytes_of("page"), {&handle, 1});
}

void raise_all(LifePage& page) {
  while (page.raise_word()) continue;
}

unsigned fallen_count(const LifeView& view) {
  unsigned count = 0;
  for (unsigned index = 0; index < kLifeWordCount; ++index) count += view.has_fallen(index) ? 1 : 0;
  return count;
}

void wait_until_fallen(const FutexWord& word) {
  for (auto value = word.load(); !is_fallen(value); value = word.load()) futex_wait(word, value, FutexScope::shared);
}

// Owns a page with all words raised, and then does what `ending` does.
template <class Ending>
auto child_that_owns_all_words(Ending ending) {
  return [ending](ControlSocket& socket) {
    LifePage page;
    page.own_by_this_thread();
    raise_all(page);
    send_page(socket, page);
    socket.receive();
    return ending(socket);
  };
}

int sleep_for_ever(ControlSocket&) {
  for (;;) ::pause();
}

TEST(LifePage, RaisedWordsStandAndOthersCountAsFallen) {
  std::jthread([] {
    LifePage page;
    const LifeView view(page.memory());
    page.own_by_this_thread();
    EXPECT_EQ(fallen_count(view), kLifeWordCount);
    const unsigned index = page.raise_word().value();
    EXPECT_FALSE(view.has_fallen(index));
    EXPECT_EQ(fallen_count(view), kLifeWordCount - 1);
    page.retire_word(index);
    EXPECT_EQ(fallen_count(view), kLifeWordCount);
  }).join();
}

TEST(LifePage, GivesEachWordOnceAndThenNone) {
  std::jthread([] {
    LifePage page;
    page.own_by_this_thread();
    std::set<unsigned> given;
    for (unsigned i = 0; i < kLifeWordCount; ++i) given.insert(page.raise_word().value());
    EXPECT_EQ(given.size(), kLifeWordCount);
    EXPECT_EQ(page.raise_word(), std::nullopt);
    page.retire_word(17);
    EXPECT_EQ(page.raise_word(), 17U);
  }).join();
}

TEST(LifePage, IsUsedByItsOwnerOnly) {
  LifePage page;
  EXPECT_THROW(page.raise_word(), std::logic_error);
  std::jthread([&page] {
    page.own_by_this_thread();
    EXPECT_THROW(page.own_by_this_thread(), std::logic_error);
  }).join();
  EXPECT_THROW(page.raise_word(), std::logic_error);
}

TEST(LifePage, AWaiterWakesWhenItsWordIsRetired) {
  std::jthread([] {
    LifePage page;
    const LifeView view(page.memory());
    page.own_by_this_thread();
    const unsigned index = page.raise_word().value();
    std::jthread waiter([&view, index] { wait_until_fallen(view.word(index)); });
    page.retire_word(index);
  }).join();
}

TEST(LifePage, FallsWhenItsThreadEnds) {
  LifePage page;
  const LifeView view(page.memory());
  std::jthread owner([&page] {
    page.own_by_this_thread();
    raise_all(page);
  });
  wait_until_fallen(view.word(kLifeWordCount - 1));
  owner.join();
  EXPECT_EQ(fallen_count(view), kLifeWordCount);
}

TEST(LifePage, FallsWhenItIsDestroyed) {
  LifeView view;
  std::jthread([&view] {
    LifePage page;
    view = LifeView(page.memory());
    page.own_by_this_thread();
    raise_all(page);
  }).join();
  EXPECT_EQ(fallen_count(view), kLifeWordCount);
}

TEST(LifePage, MayBeDestroyedBeforeItsOwnerEnds) {
  auto page = std::make_unique<LifePage>();
  const LifeView view(page->memory());
  auto [here, there] = ControlSocket::pair();
  std::jthread owner([&page, &socket = there] {
    page->own_by_this_thread();
    raise_all(*page);
    socket.send(bytes_of("raised"));
    socket.receive();
  });
  EXPECT_EQ(receive_text(here), "raised");
  page.reset();
  EXPECT_EQ(fallen_count(view), kLifeWordCount);
  here.send(bytes_of(kGo));
}

TEST(LifePage, LeavesNoHandle) {
  const auto before = open_handle_count();
  {
    LifePage page;
    std::jthread([&page] { page.own_by_this_thread(); }).join();
  }
  EXPECT_EQ(open_handle_count(), before);
}

TEST(LifePage, AllFallBeforeTheProcessCountsAsEnded) {
  ForkedChild child(child_that_owns_all_words(&sleep_for_ever));
  const LifeView view = receive_view(child);
  EXPECT_EQ(fallen_count(view), 0U);
  child.process.kill();
  child.process.wait_ended();
  EXPECT_EQ(fallen_count(view), kLifeWordCount);
}

TEST(LifePage, AWaiterOnSeveralWordsWakesWhenTheOwnerIsKilled) {
  ForkedChild child(child_that_owns_all_words(&sleep_for_ever));
  const LifeView view = receive_view(child);
  const FutexWord bell{0};
  const std::uint32_t standing = view.word(9).load();
  const std::vector<FutexTarget> targets{{&bell, 0, FutexScope::this_process}, {&view.word(9), standing, FutexScope::shared}};
  std::jthread waiter([&] {
    while (!view.has_fallen(9)) futex_wait_any(targets);
  });
  child.process.kill();
}

TEST(LifePage, FallsWhenTheProcessRunsAnotherProgram) {
  ForkedChild child(child_that_owns_all_words([](ControlSocket& socket) {
    ::dup2(socket.handle().get(), 0);
    ::execl("/bin/cat", "cat", nullptr);  // reads end-of-file when the test lets go of the socket
    return 1;
  }));
  const LifeView view = receive_view(child);
  child.socket.send(bytes_of(kGo));
  wait_until_fallen(view.word(0));
  EXPECT_FALSE(child.process.wait_ended(std::chrono::steady_clock::now()));
}

int raise_and_retire_for_ever(ControlSocket& socket) {
  LifePage page;
  page.own_by_this_thread();
  send_page(socket, page);
  for (;;) {
    const unsigned first = page.raise_word().value();
    const unsigned second = page.raise_word().value();
    page.retire_word(first);
    page.retire_word(second);
  }
}

// Sleeps on a word whenever it stands, until the process has ended: a wake-up that is lost is slept through for ever.
void wait_again_and_again(const LifeView& view, unsigned index, const Process& process) {
  while (!process.wait_ended(std::chrono::steady_clock::now())) wait_until_fallen(view.word(index));
}

// The instants differ from round to round.
TEST(LifePage, FallsWhateverItsOwnerWasDoingWhenItWasKilled) {
  for (int round = 0; round < 100; ++round) {
    ForkedChild child(&raise_and_retire_for_ever);
    const LifeView view = receive_view(child);
    std::jthread first([&] { wait_again_and_again(view, 0, child.process); });
    std::jthread second([&] { wait_again_and_again(view, 1, child.process); });
    for (int i = 0; i < round * 50; ++i) (void)view.has_fallen(0);
    child.process.kill();
    child.process.wait_ended();
    EXPECT_EQ(fallen_count(view), kLifeWordCount);
  }
}

TEST(LifePage, FallAllMarksEachWordAndMayBeRepeated) {
  std::jthread([] {
    LifePage page;
    const LifeView view(page.memory());
    page.own_by_this_thread();
    raise_all(page);
    page.fall_all();
    page.fall_all();
    EXPECT_EQ(fallen_count(view), kLifeWordCount);
  }).join();
}

TEST(LifePage, WordsRaisedAfterFallAllHaveFallen) {
  std::jthread([] {
    LifePage page;
    const LifeView view(page.memory());
    page.own_by_this_thread();
    page.fall_all();
    EXPECT_TRUE(view.has_fallen(page.raise_word().value()));
  }).join();
}

// Death between mark and wake-up: the kernel still knows the words, and wakes.
TEST(LifePage, MarkedWordsKeepTheirOwner) {
  std::jthread([] {
    LifePage page;
    const LifeView view(page.memory());
    page.own_by_this_thread();
    const unsigned index = page.raise_word().value();
    const std::uint32_t raised = view.word(index).load();
    page.fall_all();
    EXPECT_EQ(view.word(index).load(), raised | 0x40000000U);
  }).join();
}

TEST(LifePage, AForkedChildDoesNotSpeakForItsParent) {
  std::jthread([] {
    LifePage page;
    const LifeView view(page.memory());
    page.own_by_this_thread();
    const unsigned index = page.raise_word().value();
    const ForkedChild child([&page](ControlSocket&) {
      page.fall_all();
      return 0;
    });
    child.end();
    EXPECT_FALSE(view.has_fallen(index));
  }).join();
}

TEST(LifePage, CannotBeWrittenByAPeer) {
  const LifePage page;
  EXPECT_TRUE(page.memory().is_sealed_against_new_writers());
  EXPECT_THROW(Mapping(page.memory(), Access::read_write), std::system_error);
}

TEST(LifeView, ShowsTheStatus) {
  LifePage page;
  const LifeView view(page.memory());
  const LifeView copy = view;
  page.status().running_method.store(12);
  page.status().calls_handled.store(99);
  EXPECT_EQ(copy.status().running_method.load(), 12U);
  EXPECT_EQ(copy.status().calls_handled.load(), 99U);
}

TEST(LifeView, RefusesOtherMemory) {
  EXPECT_THROW(LifeView(SharedMemory::create("a test", kLifePageBytes)), ProtocolError);
  auto large = SharedMemory::create("a test", 2 * kLifePageBytes);
  large.seal_against_new_writers();
  EXPECT_THROW(LifeView{large}, ProtocolError);
}

}  // namespace
}  // namespace troupe::platform::testing
