// SPDX-License-Identifier: BSL-1.0
#include <fmt/core.h>
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>

#include "campaign.hpp"
#include "family_tracer.hpp"
#include "fault.hpp"
#include "oracle.hpp"
#include "platform/futex.hpp"
#include "processes.hpp"
#include "shared_object.hpp"

// One system call or one allocation fails, in one role, while a client starts a runtime, spawns, calls, attaches and kills.
// Case i of a part is the i-th of them; a part is over when the role makes no more. Every outcome is typed, nobody hangs or
// crashes, nothing is left, and the next attempt works.
namespace troupe::campaigns {

namespace {

constexpr std::chrono::seconds kPatience(50);
constexpr int kShortStride = 7;  // of the short form, which begins somewhere

struct Part {
  const char* name;
  Fault::Kind kind;
  Role role;
};

constexpr Part kParts[] = {
    {"calls-client", Fault::Kind::system_call, Role::client}, {"calls-manager", Fault::Kind::system_call, Role::manager},
    {"calls-zygote", Fault::Kind::system_call, Role::zygote}, {"calls-host", Fault::Kind::system_call, Role::host},
    {"news-client", Fault::Kind::allocation, Role::client},   {"news-manager", Fault::Kind::allocation, Role::manager},
    {"news-zygote", Fault::Kind::allocation, Role::zygote},   {"news-host", Fault::Kind::allocation, Role::host},
};

// Kills a process that lives on for too long, so that whoever waits for it goes on.
class Limit {
 public:
  explicit Limit(const platform::Process& process)
      : thread_([this, &process](const std::stop_token& stop) {
          std::unique_lock lock(mutex_);
          if (done_.wait_for(lock, stop, kPatience, [&] { return stop.stop_requested(); }) || stop.stop_requested()) return;
          has_passed_ = true;
          process.kill();
        }) {}
  bool has_passed() const { return has_passed_; }

 private:
  std::mutex mutex_;
  std::condition_variable_any done_;
  std::atomic<bool> has_passed_{false};
  std::jthread thread_;  // last: it uses the others
};

// False: there is no such call or allocation.
bool one_case(const Fault& fault) {
  const SharedObject<FaultPage> page;
  const auto client = start_self({"fault-client", page.path(), std::to_string(static_cast<int>(fault.kind)),
                                  std::to_string(static_cast<int>(fault.role)), std::to_string(fault.number)});
  const Limit limit(client);
  while (page->is_ready.load() == 0 && !client.wait_ended(std::chrono::steady_clock::now())) {
    platform::futex_wait(page->is_ready, 0, platform::FutexScope::shared,
                         std::chrono::steady_clock::now() + std::chrono::milliseconds(100));
  }
  FamilyTracer tracer(client.pid(), fault, *page);
  page->may_begin.store(1);
  platform::futex_wake(page->may_begin, 1, platform::FutexScope::shared);
  const auto begin = std::chrono::steady_clock::now();
  tracer.run();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const bool has_failed = !tracer.failed().empty() || page->has_failed.load() != 0;
  const std::string what = tracer.failed().empty() ? "an allocation failed" : tracer.failed();
  if (seconds > 1) fmt::print("  {} s: {}\n", seconds, what);
  expect(!limit.has_passed(), "it hangs: {}", what);
  expect(tracer.crashes().empty(), "{}; then {}", what, fmt::join(tracer.crashes(), ", "));
  expect(tracer.client_exit_code() == 0, "{}; then the client ended with {}, see above", what, tracer.client_exit_code());
  return has_failed;
}

Score run_part(const Part& part, Order order) {
  order.part = part.name;
  const int stride = order.is_long ? 1 : kShortStride;
  const int offset = order.is_long ? 0 : static_cast<int>(order.seed % kShortStride);
  Score score;
  bool is_over = false;
  for (int number = order.first; number - order.first < order.cases && !is_over && !order.is_over(); ++number) {
    const auto nth = static_cast<std::uint32_t>(1 + offset + number * stride);
    score += run_case(order, number, [&] {
      const Oracle oracle;
      is_over = !one_case({part.kind, part.role, nth});
      oracle.expect_nothing_left();
    });
  }
  fmt::print("  {}: {} cases, {} failures{}\n", part.name, score.cases, score.failures, is_over ? "" : "; not to its end");
  std::fflush(stdout);
  return score;
}

}  // namespace

const char* text_of(Role role) {
  constexpr const char* kTexts[] = {"client", "manager", "zygote", "host"};
  return kTexts[static_cast<int>(role)];
}

Score run_faults(const Order& order) {
  Score score;
  for (const Part& part : kParts) {
    if (order.wants(part.name)) score += run_part(part, order);
  }
  return score;
}

}  // namespace troupe::campaigns
