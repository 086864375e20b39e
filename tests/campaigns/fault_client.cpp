// SPDX-License-Identifier: BSL-1.0
#include "fault_client.hpp"

#include <chrono>
#include <new>
#include <optional>
#include <system_error>
#include <utility>

#include "caller.hpp"
#include "campaign.hpp"
#include "ledger.hpp"
#include "load.hpp"
#include "oracle.hpp"
#include "platform/futex.hpp"
#include "shared_object.hpp"
#include "watchdog.hpp"

namespace troupe::campaigns {

namespace {

// Runs `f`; false when it failed as things may fail that have met a fault. Anything else is passed on.
template <class F>
bool attempt(const char* what, F f) {
  const Step step(what);
  try {
    f();
    return true;
  } catch (const Broken&) {
    throw;
  } catch (const Error&) {
  } catch (const std::system_error&) {
  } catch (const std::bad_alloc&) {
  }
  return false;
}

// The fault strikes once: when the first attempt met it, the second works, unless there is no manager any more, or the actor
// has died of it.
template <class F>
void attempt_twice(const char* what, F f) {
  if (attempt(what, f)) return;
  const Step step(what);
  try {
    f();
  } catch (const ManagerDied&) {
  } catch (const ActorDied&) {
  } catch (const std::exception& error) {
    throw Broken(fmt::format("{}: the second attempt failed, too: {}", what, error.what()));
  }
}

// What it was killed for is out of the way; a dead manager has taken it along.
void kill_one(Proxy<Clerk> clerk, Ledger& ledger) {
  attempt_twice("killing an actor", [&] { clerk.kill(); });
  bool has_ended = false;
  attempt_twice("waiting for a killed actor", [&] {
    has_ended = clerk.wait(std::chrono::seconds(20)).has_value();
    expect(has_ended, "a killed actor does not end");
  });
  if (!has_ended) return;  // the connection to the manager went first: the kill may have gone with it
  expect(!attempt("calling a killed actor", [&] { call_once(clerk, ledger); }), "a killed actor has answered");
}

void use(Runtime& runtime, Ledger& ledger) {
  std::optional<Proxy<Clerk>> clerk;
  std::optional<Proxy<Caller>> caller;
  attempt_twice("spawning an actor", [&] { clerk = spawn_clerk(runtime, ledger); });
  attempt("spawning an actor by exec", [&] {
    const auto executed = runtime.spawn<Clerk>(SpawnOptions{.start = StartMethod::spawn}, ledger.path());
    call_once(executed, ledger);
  });
  if (clerk) attempt_twice("calling an actor", [&] { call_once(*clerk, ledger); });
  attempt_twice("spawning an actor that calls", [&] { caller = runtime.spawn<Caller>(ledger.path()); });
  if (clerk && caller) attempt("calling an actor that calls", [&] { (void)caller->call<&Caller::ask>(*clerk).get(); });
  if (clerk) kill_one(*clerk, ledger);
  clerk.reset();
  attempt_twice("spawning one more actor", [&] { spawn_clerk(runtime, ledger); });
  caller.reset();
  attempt("ending a runtime", [&] { runtime.shutdown(); });
}

void suffer(const std::string& page_path, const Fault& fault, Ledger& ledger) {
  std::optional<AllocationFault> allocation;
  if (fault.kind == Fault::Kind::allocation) allocation.emplace(page_path, fault);
  attempt("using a runtime", [&] {
    Runtime runtime;
    use(runtime, ledger);
  });
}

}  // namespace

int run_fault_client(const std::string& page_path, const Fault& fault) {
  const SharedObject<FaultPage> page(page_path);
  expect_fresh_call();
  const Oracle oracle;
  {
    Ledger ledger;
    page->is_ready.store(1);
    platform::futex_wake(page->is_ready, 1, platform::FutexScope::shared);
    while (page->may_begin.load() == 0) platform::futex_wait(page->may_begin, 0, platform::FutexScope::shared);
    suffer(page_path, fault, ledger);
    page->is_over.store(1);
    expect_no_descendants();
    ledger.expect_agreement(Blame::anybody, true);
  }
  oracle.expect_nothing_left();
  expect_fresh_call();
  return 0;
}

}  // namespace troupe::campaigns
