// SPDX-License-Identifier: BSL-1.0
#include <sys/resource.h>

#include <fmt/core.h>

#include <array>
#include <chrono>
#include <exception>
#include <string>
#include <vector>

#include "campaign.hpp"
#include "hostile_channel.hpp"
#include "oracle.hpp"
#include "platform/control_socket.hpp"
#include "platform/executable.hpp"
#include "platform/launch.hpp"
#include "vandal.hpp"
#include "watchdog.hpp"
#include "wire/control.hpp"
#include "wire/library.hpp"

// A peer writes garbage: into a channel's memories, and into control messages. What it does harm to is its own channel, or
// itself; nobody crashes, hangs, reads where nothing is its, or takes memory without bound.
namespace troupe::campaigns {

namespace {

using platform::ControlSocket;
using Clock = std::chrono::steady_clock;

constexpr CallOptions kPatient{.deadline = std::chrono::milliseconds(50)};
#ifdef __SANITIZE_ADDRESS__
constexpr long kMostMemoryKiB = 2048 * 1024;  // which keeps what is freed for a while
#else
constexpr long kMostMemoryKiB = 512 * 1024;
#endif

// With any outcome at all.
template <class T>
void await_outcome(const AsyncResult<T>& result) {
  const Step step("waiting for the outcome of a call through a wrecked channel");
  result.wait();
}

void expect_answer(const Proxy<Target>& target) {
  const Step step("calling an actor that is nobody's enemy");
  expect(target.call<&Target::twice>(21u).get() == 42, "an actor that is nobody's enemy gives a wrong value");
}

// ---- in whole processes

// This process wrecks its channel to one actor; that one serves another client.
void be_hostile_client(Random& random) {
  Runtime runtime;
  const auto bystander = runtime.spawn<Target>();
  const auto visitor = runtime.spawn<Visitor>();
  const auto before = writable_grounds();
  const auto target = runtime.spawn<Target>();
  const auto grounds = grounds_since(before);
  expect(!grounds.empty(), "a channel without memory");
  for (int round = uniform(random, 1, 6); round > 0; --round) {
    std::vector<AsyncResult<std::string>> results;
    for (int i = 0; i < 4; ++i) {
      results.push_back(target.with(kPatient).call<&Target::echo>(std::string(random() % 300, 'x')));
      wreck(grounds, random, uniform(random, 0, 3));
    }
    for (const auto& result : results) await_outcome(result);
  }
  expect_answer(bystander);
  const Step step("waiting for an actor to visit another one whose other client is hostile");
  expect(visitor.call<&Visitor::visit>(target).get(), "a hostile client has done harm to another one");
}

// An actor wrecks its channel to this process, and may babble to its manager.
void suffer_hostile_host(Random& random) {
  Runtime runtime;
  const auto bystander = runtime.spawn<Target>();
  const auto vandal = runtime.spawn<Vandal>();
  if (one_in(random, 2)) {
    await_outcome(vandal.with(kPatient).call<&Vandal::babble>(random()));
  } else {
    await_outcome(vandal.with(kPatient).call<&Vandal::run_amok>(random()));
  }
  for (int i = 0; i < 6; ++i) await_outcome(vandal.with(kPatient).call<&Target::echo>(std::string(random() % 300, 'x')));
  expect_answer(bystander);
  expect_answer(runtime.spawn<Target>());
  vandal.kill();
  const Step step("waiting for a hostile host's end");
  expect(vandal.wait().has_value(), "a hostile host has no end");
}

std::vector<std::byte> draw_client_message(Random& random) {
  const auto encode = [](const auto& message) { return wire::encode_message<wire::ToManagerFromClient>(message); };
  const ActorId actor{static_cast<std::uint64_t>(uniform(random, 0, 3))};
  const auto group = static_cast<std::uint64_t>(uniform(random, 0, 3));
  switch (uniform(random, 0, 11)) {
    case 9:
      return encode(wire::Supervise{.request = random(), .parent = group, .strategy = 1, .max = 2, .within_ns = 1});
    case 10:
      return encode(wire::StopGroup{random(), group, static_cast<std::int64_t>(random())});
    case 11:
      return encode(wire::Spawn{.request = random(), .type = "T", .offer = {256, 1024, 1280, 65536, 0}, .group = group});
    case 0:
      return encode(wire::Spawn{.request = random(), .type = "T", .offer = {256, 1024, 1280, 65536, 0}});
    case 1:
      return encode(wire::Find{.request = random(), .name = "n", .type = "T"});
    case 2:
      return encode(
          wire::Attach{.request = random(), .actor = actor, .key = {}, .type = "T", .offer = {256, 1024, 1280, 65536, 0}});
    case 3:
      return encode(wire::List{random()});
    case 4:
      return encode(wire::Watch{actor, {}});
    case 5:
      return encode(wire::StopActor{actor, {}, static_cast<std::int64_t>(random())});
    case 6:
      return encode(wire::KillActor{actor, {}});
    case 7:
      return encode(wire::Release{actor});
    default:
      return encode(wire::Join{.hello = wire::own_hello(1)});
  }
}

void join(ControlSocket& manager) {
  const platform::Handle executable = platform::open_own_executable();
  const auto self = platform::Process::self();
  const std::array<int, 2> handles{executable.get(), self.handle().get()};
  manager.send(wire::encode_message<wire::ToManagerFromClient>(wire::Join{.hello = wire::own_hello(self.pid())}), handles);
  expect(manager.receive(Clock::now() + std::chrono::seconds(20)).has_value(), "the manager does not welcome its client");
}

// A manager whose owner sends it garbage ends, or goes on; it does not crash.
void babble_to_manager(Random& random) {
  const platform::Handle executable = platform::open_own_executable();
  auto [ours, theirs] = ControlSocket::pair();
  const auto manager = platform::launch({.executable = executable.get(),
                                         .path = platform::own_executable_path(),
                                         .role = "manager",
                                         .socket = theirs.handle().get()});
  theirs = {};
  join(ours);
  for (int count = uniform(random, 1, 30); count > 0; --count) {
    std::vector<platform::Handle> handles;
    std::vector<int> numbers;
    for (const int each : draw_handles(random)) numbers.push_back(handles.emplace_back(each).get());
    ours.send(spoiled(draw_client_message(random), random), numbers, Clock::now() + std::chrono::seconds(1));
    while (ours.try_receive()) continue;
  }
  ours = {};
  expect_ended({&manager, 1}, "after its hostile client has gone");
  const auto status = manager.reap();
  expect(status && status->signal == 0, "the manager was killed by signal {}", status ? status->signal : -1);
}

void whole_processes(Random& random) {
  constexpr std::array kWays = {be_hostile_client, suffer_hostile_host, babble_to_manager};
  const Oracle oracle;
  kWays.at(random() % kWays.size())(random);
  oracle.expect_nothing_left();
}

// ----

constexpr int kBlock = 500;  // cases, of which one is in whole processes, and one with a thread that scribbles
constexpr int kQuiet = kBlock - 2;

// Mixed, so that a run that ends early has seen something of each kind; but the flips come first.
void one_case(int number, Random& random) {
  const int place = number % kBlock;
  if (place == 0) return whole_processes(random);
  if (place == 1) return scribble_on_channel(random);
  const int quiet = number / kBlock * kQuiet + place - 2;
  if (quiet < flip_count()) return flip(quiet);
  damage_channel(random);
}

void expect_little_memory() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  expect(usage.ru_maxrss < kMostMemoryKiB, "this process has used {} KiB", usage.ru_maxrss);
}

}  // namespace

Score run_hostile(const Order& order) {
  Score score;
  for (int number = order.first; number < order.first + order.cases && !order.is_over(); ++number) {
    Random random(order.seed + static_cast<std::uint64_t>(number));
    score += run_case(order, number, [&] { one_case(number, random); });
  }
  score += run_case(order, order.first + order.cases, expect_little_memory);
  --score.cases;
  return score;
}

}  // namespace troupe::campaigns
