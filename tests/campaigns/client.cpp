// SPDX-License-Identifier: BSL-1.0
#include <chrono>
#include <string>
#include <thread>

#include "campaign.hpp"
#include "ledger.hpp"
#include "load.hpp"
#include "oracle.hpp"
#include "processes.hpp"
#include "watchdog.hpp"

// SIGKILL of a client process with actors and calls in flight, or while it starts: its manager, zygote and hosts end, and
// nothing is left of it.
namespace troupe::campaigns {

int run_client_under_load(const std::string& ledger_path, std::uint64_t seed) {
  Ledger ledger(ledger_path);
  watchdog().set_witness([&] { return ledger.open_calls(); });
  Random random(seed);
  Runtime runtime;
  Lanes lanes = make_lanes(runtime, ledger, random);
  for (const auto& lane : lanes) lane->begin();
  ledger.announce_load();
  for (const auto& lane : lanes) lane->join();  // an actor fell, or the ledger is full: the parent is busy elsewhere
  std::this_thread::sleep_for(std::chrono::minutes(1));
  return 1;
}

namespace {

void one_case(Random& random) {
  const Oracle oracle;
  {
    Ledger ledger;
    const auto client = start_self({"client-under-load", ledger.path(), std::to_string(random())});
    if (one_in(random, 3)) {
      sleep_up_to(random, std::chrono::milliseconds(25));
    } else {
      const Step step("waiting for a client's load");
      expect(ledger.await_load(std::chrono::steady_clock::now() + std::chrono::seconds(30)), "the client does not come up");
      sleep_up_to(random, std::chrono::milliseconds(5));
    }
    client.kill();
    expect_ended({&client, 1}, "after SIGKILL");
    expect_no_descendants();
    ledger.expect_agreement(Blame::nobody, true);
    expect_fresh_call();
  }
  oracle.expect_nothing_left();
}

}  // namespace

Score run_client(const Order& order) { return run_cases(order, one_case); }

}  // namespace troupe::campaigns
