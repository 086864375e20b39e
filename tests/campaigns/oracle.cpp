// SPDX-License-Identifier: BSL-1.0
#include "oracle.hpp"

#include <fmt/core.h>

#include <chrono>
#include <exception>
#include <string>
#include <thread>

#include "campaign.hpp"
#include "clerk.hpp"
#include "ledger.hpp"
#include "processes.hpp"
#include "watchdog.hpp"

namespace troupe::campaigns {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience(10);

// Those that have not ended yet are waited for; true when there were none at all.
bool sweep(Clock::time_point deadline) {
  reap_ended_children();
  const auto left = descendants();
  for (const auto& each : left) {
    const auto process = open_process(each.pid);
    if (process && !process->wait_ended(deadline)) throw Broken("processes live on: " + text_of(descendants()));
  }
  return left.empty();
}

}  // namespace

void Oracle::expect_nothing_left() const {
  expect_no_descendants();
  const Step step("waiting for handles, threads and mappings to be given back");
  const std::string left = testing::left_behind(before_, kPatience);
  expect(left.empty(), "the case has left behind:{}", left);
}

void expect_no_descendants() {
  const Step step("waiting for all descendants to end");
  const auto deadline = Clock::now() + kPatience;
  while (!sweep(deadline)) {
    expect(Clock::now() < deadline, "processes are left: {}", text_of(descendants()));
    std::this_thread::yield();  // an ended one is its parent's to reap, and that one is among them
  }
}

void expect_ended(std::span<const platform::Process> processes, const char* when) {
  const Step step("waiting for processes to end");
  const auto deadline = Clock::now() + kPatience;
  for (const auto& each : processes) {
    expect(each.wait_ended(deadline), "process {} lives on {}; all: {}", each.pid(), when, text_of(descendants()));
  }
}

void expect_fresh_call() {
  const Step step("making a fresh runtime, actor and call");
  Ledger ledger;
  {
    Runtime runtime;
    const auto clerk = runtime.spawn<Clerk>(ledger.path());
    const auto number = ledger.open_reserved(clerk.pid(), Verdict::waiting);
    expect(clerk.call<&Clerk::count>(number, 0u, 0u).get() == Clerk::counted(number), "a fresh call gave a wrong value");
    ledger.close(number, Verdict::value, Blame::nobody);
  }
  ledger.expect_agreement(Blame::nobody);
}

void kill_descendants() noexcept {
  try {
    for (auto left = descendants(); !left.empty(); left = descendants()) {
      for (const auto& each : left) {
        if (const auto process = open_process(each.pid)) process->kill();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      reap_ended_children();
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "campaign: cleaning up after a failure failed: {}\n", error.what());
  }
}

}  // namespace troupe::campaigns
