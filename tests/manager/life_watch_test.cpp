// SPDX-License-Identifier: BSL-1.0
#include "manager/life_watch.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "platform/life_page.hpp"

namespace troupe::manager {
namespace {

// A life page whose owner ends when it is told to.
class Owner {
 public:
  Owner() {
    thread_ = std::thread([this] {
      page_.own_by_this_thread();
      word_ = page_.raise_word();
      is_up_ = true;
      is_up_.notify_all();
      must_end_.wait(false);
    });
    is_up_.wait(false);
  }
  ~Owner() { end(); }

  void end() {
    must_end_ = true;
    must_end_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  void mark() { page_.fall_all(); }
  unsigned word() const { return *word_; }
  platform::LifeView view() const { return platform::LifeView(page_.memory()); }

 private:
  platform::LifePage page_;
  std::optional<unsigned> word_;
  std::atomic<bool> is_up_{false};
  std::atomic<bool> must_end_{false};
  std::thread thread_;
};

struct Fallen {
  LifeWatch::Life life = 0;
  LifeWatch::Fall fall;
};

// Runs the loop until `count` words have fallen.
class Watcher {
 public:
  std::vector<Fallen> wait(std::size_t count) {
    count_ = count;
    loop_.run();
    return fallen_;
  }

  Loop loop_;
  LifeWatch watch{loop_, [this](LifeWatch::Life life, LifeWatch::Fall fall) {
                    fallen_.push_back({life, fall});
                    if (fallen_.size() == count_) loop_.stop();
                  }};

 private:
  std::size_t count_ = 0;
  std::vector<Fallen> fallen_;
};

TEST(LifeWatch, SeesAWordThatTheKernelMarks) {
  Owner owner;
  Watcher watcher;
  watcher.watch.add(1, owner.view(), owner.word());
  Alarm end_owner(watcher.loop_);
  end_owner.start(std::chrono::milliseconds(20), [&] { owner.end(); });

  const auto fallen = watcher.wait(1);

  EXPECT_EQ(fallen[0].life, 1u);
  EXPECT_EQ(fallen[0].fall, LifeWatch::Fall::by_kernel);
}

TEST(LifeWatch, TellsWhenTheProcessItselfHasMarkedIt) {
  Owner owner;
  Watcher watcher;
  watcher.watch.add(1, owner.view(), owner.word());
  owner.mark();
  EXPECT_EQ(watcher.wait(1)[0].fall, LifeWatch::Fall::by_itself);
}

TEST(LifeWatch, TellsOfAWordThatHadFallenBefore) {
  Owner owner;
  owner.end();
  Watcher watcher;
  watcher.watch.add(1, owner.view(), owner.word());
  EXPECT_EQ(watcher.wait(1)[0].fall, LifeWatch::Fall::by_kernel);
}

TEST(LifeWatch, WatchesManyAndForgetsWhatIsRemoved) {
  std::vector<std::unique_ptr<Owner>> owners;
  Watcher watcher;
  for (std::uint64_t i = 0; i < 20; ++i) {
    owners.push_back(std::make_unique<Owner>());
    watcher.watch.add(i + 1, owners.back()->view(), owners.back()->word());
  }
  watcher.watch.remove(1);
  Alarm end_owners(watcher.loop_);
  end_owners.start(std::chrono::milliseconds(20), [&] { owners.clear(); });

  const auto fallen = watcher.wait(19);

  for (const auto& each : fallen) EXPECT_NE(each.life, 1u);
}

}  // namespace
}  // namespace troupe::manager
