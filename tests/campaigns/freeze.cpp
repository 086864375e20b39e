// SPDX-License-Identifier: BSL-1.0
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "campaign.hpp"
#include "cast.hpp"
#include "ledger.hpp"
#include "load.hpp"
#include "oracle.hpp"
#include "processes.hpp"
#include "watchdog.hpp"

// SIGSTOP of a host, the manager, the zygote or a client, at a random moment: deadlines hold, with the exact verdict, and
// whoever does not need the frozen one goes on. Then SIGCONT, and everything goes on where it was; or SIGKILL.
namespace troupe::campaigns {

namespace {

using platform::Process;
using Count = AsyncResult<std::uint64_t>;
using Sent = std::vector<std::pair<std::uint64_t, Count>>;

constexpr std::uint32_t kSender = 1;  // this process's number at a clerk; the caller has another

// A process that has stopped. Destroyed, it goes on, if it has not been killed.
class Frozen {
 public:
  explicit Frozen(const Process& process) : process_(process) {
    process.signal(SIGSTOP);
    const Step step("waiting for a process to stop");
    while (!has_stopped(process.pid())) std::this_thread::yield();
  }
  ~Frozen() { process_.signal(SIGCONT); }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;

 private:
  const Process& process_;
};

void send(const Proxy<Clerk>& clerk, Ledger& ledger, std::uint32_t work_us, Sent& sent) {
  const auto number = ledger.open_reserved(clerk.pid(), Verdict::waiting);
  sent.emplace_back(number, clerk.call<&Clerk::count>(number, kSender, work_us));
}

// All are answered, or none of those that had not started is.
void settle_all(const Sent& sent, Ledger& ledger, bool must_be_answered) {
  for (const auto& [number, result] : sent) {
    const bool is_answered = settle(number, result, ledger);
    expect(is_answered || !must_be_answered, "call {} was not answered, although nobody died", number);
  }
}

// What was sent to a frozen host never starts: its deadline passes, and says so.
void expect_expires(const Proxy<Clerk>& clerk, Ledger& ledger, Random& random) {
  const Step step("waiting for a deadline to pass");
  const auto number = ledger.open_reserved(clerk.pid(), Verdict::waiting);
  const auto options = CallOptions{.deadline = std::chrono::microseconds(uniform(random, 1, 5000))};
  const Count result = clerk.with(options).call<&Clerk::count>(number, kSender, 0u);
  try {
    result.get();
  } catch (const TimeoutError& error) {
    ledger.close(number, verdict_of(error.execution()), Blame::nobody);
    return expect(error.execution() == Execution::not_started, "a call to a frozen host is said to have started");
  }
  throw Broken("a frozen host has answered");
}

template <class A>
void expect_ends(const Proxy<A>& actor, const Process& host) {
  expect_ended({&host, 1}, "after SIGKILL in its sleep");
  const Step step("waiting for the report on a host that was killed in its sleep");
  const auto status = actor.wait();
  expect(status && status->signal == SIGKILL, "the report on process {} is wrong", host.pid());
}

void freeze_host(Ledger& ledger, Random& random) {
  Cast cast(ledger);
  const auto host = Process::open(cast.clerk.pid());
  const bool is_killed = one_in(random, 2);
  const auto kind = one_in(random, 2) ? DeathKind::signal : DeathKind::killed_by_us;
  Sent before, during;
  for (int i = uniform(random, 0, 4); i > 0; --i) {
    send(cast.clerk, ledger, static_cast<std::uint32_t>(uniform(random, 0, 200)), before);
  }
  sleep_up_to(random, std::chrono::microseconds(300));
  {
    const Frozen frozen(host);
    send(cast.clerk, ledger, 0, during);
    for (int i = 0; i < 3; ++i) expect_expires(cast.clerk, ledger, random);
    call_once(cast.other, ledger);
    expect(cast.ask(cast.other), "a caller is not answered by an actor that is not frozen");
    if (is_killed && kind == DeathKind::signal) host.kill();
    if (is_killed && kind == DeathKind::killed_by_us) cast.clerk.kill();
    if (is_killed) expect_ended({&host, 1}, "after it was killed in its sleep");
  }
  settle_all(before, ledger, !is_killed);
  settle_all(during, ledger, !is_killed);
  if (is_killed) {
    expect_ends(cast.clerk, host);
    expect_refusal(cast.clerk, ledger, kind);
  } else {
    call_once(cast.clerk, ledger);
  }
  expect_shutdown(cast.runtime);
  ledger.expect_agreement(Blame::actor);
}

// Calls need no manager; what does waits for it, or ends with it.
void freeze_manager(Ledger& ledger, Random& random) {
  Cast cast(ledger);
  const auto manager = await_child(::getpid(), "troupe-manager");
  const auto host = Process::open(cast.clerk.pid());
  const bool is_killed = one_in(random, 3);
  const bool loses_clerk = one_in(random, 2);
  AsyncResult<Proxy<Clerk>> spawned;
  Sent during;
  expect(cast.ask(cast.other), "a caller's call was not answered");  // opening the channel takes a manager
  if (one_in(random, 2)) spawned = cast.runtime.spawn_async<Clerk>(ledger.path());
  sleep_up_to(random, std::chrono::microseconds(500));
  {
    const Frozen frozen(manager);
    if (!spawned.valid()) spawned = cast.runtime.spawn_async<Clerk>(ledger.path());
    call_once(cast.clerk, ledger);
    expect(cast.ask(cast.other), "a call between actors needs the manager");
    send(cast.clerk, ledger, 200, during);
    if (loses_clerk) host.kill();
    settle_all(during, ledger, !loses_clerk);
    if (is_killed) manager.kill();
    if (is_killed) expect_ended({&manager, 1}, "after SIGKILL in its sleep");
  }
  const Step step("waiting for an actor that was spawned while the manager slept");
  if (is_killed) {
    expect_ended({&host, 1}, "after its manager was killed");
    expect_manager_died("a call", [&] { call_once(cast.other, ledger); });
    spawned.wait();
  } else {
    call_once(spawned.get(), ledger);
    if (loses_clerk) expect_ends(cast.clerk, host);
  }
  expect_shutdown(cast.runtime);
  ledger.expect_agreement(Blame::anybody);
}

void freeze_zygote(Ledger& ledger, Random& random) {
  Cast cast(ledger);
  const auto zygote = await_child(await_child(::getpid(), "troupe-manager").pid(), "troupe-zygote");
  std::vector<AsyncResult<Proxy<Clerk>>> spawned;
  if (one_in(random, 2)) spawned.push_back(cast.runtime.spawn_async<Clerk>(ledger.path()));
  sleep_up_to(random, std::chrono::microseconds(500));
  {
    const Frozen frozen(zygote);
    for (int i = 0; i < 2; ++i) spawned.push_back(cast.runtime.spawn_async<Clerk>(ledger.path()));
    call_once(cast.clerk, ledger);
    expect(cast.ask(cast.other), "a call needs the zygote");
    if (one_in(random, 3)) zygote.kill();
  }
  const Step step("waiting for actors that were spawned while the zygote slept");
  for (const auto& each : spawned) call_once(each.get(), ledger);
  expect_shutdown(cast.runtime);
  ledger.expect_agreement(Blame::nobody);
}

// An actor that calls another is a client: whom it calls serves others meanwhile, and it goes on where it was.
void freeze_caller(Ledger& ledger, Random& random) {
  Cast cast(ledger);
  const auto host = Process::open(cast.caller.pid());
  const bool is_killed = one_in(random, 3);
  if (one_in(random, 2)) expect(cast.ask(cast.clerk), "a caller's call was not answered");
  const AsyncResult<bool> asked = cast.caller.call<&Caller::ask>(cast.clerk);
  sleep_up_to(random, std::chrono::microseconds(300));
  {
    const Frozen frozen(host);
    for (int i = 0; i < 3; ++i) call_once(cast.clerk, ledger);
    if (is_killed) host.kill();
  }
  {
    const Step step("waiting for a caller that was frozen");
    if (is_killed) {
      asked.wait();
      expect_ends(cast.caller, host);
    } else {
      expect(asked.get(), "a caller that was frozen was not answered");
      expect(cast.ask(cast.clerk), "a caller that was frozen cannot call again");
    }
  }
  call_once(cast.clerk, ledger);
  expect_shutdown(cast.runtime);
  ledger.expect_agreement(Blame::nobody, is_killed);
}

// A whole program with its load; its actors wait for it, and end with it.
void freeze_program(Ledger& ledger, Random& random) {
  const auto client = start_self({"client-under-load", ledger.path(), std::to_string(random())});
  {
    const Step step("waiting for a client's load");
    expect(ledger.await_load(std::chrono::steady_clock::now() + std::chrono::seconds(30)), "the client does not come up");
  }
  for (int i = 0; i < 3; ++i) {
    sleep_up_to(random, std::chrono::milliseconds(2));
    const Frozen frozen(client);
    sleep_up_to(random, std::chrono::milliseconds(2));
    if (i == 2) client.kill();
  }
  expect_ended({&client, 1}, "after SIGKILL in its sleep");
  expect_no_descendants();
  ledger.expect_agreement(Blame::nobody, true);
}

void one_case(Random& random) {
  constexpr std::pair<const char*, void (*)(Ledger&, Random&)> kVictims[] = {{"host", freeze_host},
                                                                             {"manager", freeze_manager},
                                                                             {"zygote", freeze_zygote},
                                                                             {"caller", freeze_caller},
                                                                             {"program", freeze_program}};
  const Oracle oracle;
  {
    const auto& [name, freeze] = kVictims[uniform(random, 0, static_cast<int>(std::size(kVictims)) - 1)];
    Ledger ledger;
    try {
      freeze(ledger, random);
    } catch (const std::exception& error) {
      throw Broken(fmt::format("{} frozen: {}", name, error.what()));
    }
  }
  oracle.expect_nothing_left();
}

}  // namespace

Score run_freeze(const Order& order) { return run_cases(order, one_case); }

}  // namespace troupe::campaigns
