// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "base/function.hpp"
#include "manager/loop.hpp"
#include "platform/futex.hpp"
#include "platform/life_page.hpp"

namespace troupe::manager {

// Sleeps in a thread of its own on the hosts' life words, and tells when one falls: the first net under their deaths,
// some milliseconds before the others when a host has much memory. It holds as many words as the kernel can wait on;
// past that, and where the kernel cannot, the other nets serve.
// Thread-safety: the loop's thread.
class LifeWatch {
 public:
  // Names one life of one actor: what is told late of the last one does not mean the next one.
  using Life = std::uint64_t;
  // How a word looked when it fell: the kernel marked it (the owner is dead, or has left its process image), or the
  // process itself did (it crashed, or runs exit handlers: it will be gone soon).
  enum class Fall : std::uint8_t { by_kernel, by_itself };
  using OnFallen = Function<void(Life life, Fall fall)>;

  // `on_fallen`: in the loop, in a turn of its own.
  LifeWatch(Loop& loop, OnFallen on_fallen) : loop_(loop), on_fallen_(std::move(on_fallen)), gathering_(loop) {}
  ~LifeWatch();
  LifeWatch(const LifeWatch&) = delete;
  LifeWatch& operator=(const LifeWatch&) = delete;

  // One word per life. Without room nothing happens. The thread takes it up a few milliseconds later, with those that
  // come meanwhile: waiting anew on many words is not free.
  void add(Life life, platform::LifeView view, unsigned word);
  void remove(Life life);

 private:
  static constexpr std::size_t kMostWords = platform::kMaxFutexTargets - 1;  // one is our own

  struct Watched {
    Life life;
    platform::LifeView view;
    unsigned word = 0;
    std::uint32_t expected = 0;  // a host may write anything: whatever else comes is taken for its fall, once
  };

  void take_up();
  void wake_thread();
  void watch();
  bool refresh(std::vector<Watched>& watched, std::uint32_t& seen);
  void report_fallen(const std::vector<Watched>& watched);
  void report(Life life, Fall fall);

  Loop& loop_;
  const OnFallen on_fallen_;
  std::mutex mutex_;
  std::vector<Watched> wanted_;          // guarded by mutex_
  bool must_end_ = false;                // guarded by mutex_
  platform::FutexWord change_count_{0};  // of what mutex_ guards
  Alarm gathering_;
  bool is_gathering_ = false;
  std::thread thread_;  // since the first word
};

}  // namespace troupe::manager
