// SPDX-License-Identifier: BSL-1.0
#include "stage.hpp"

#include <exception>

#include "load.hpp"
#include "watchdog.hpp"

namespace troupe::campaigns {

void HarmlessCalls::send() {
  const auto number = ledger_.open_reserved(victim_.pid(), Verdict::waiting);
  sent_.emplace_back(number, victim_.call<&Victim::count>(number));
}

void HarmlessCalls::send_some(Random& random) {
  for (int i = uniform(random, 0, 3); i > 0; --i) send();
}

void HarmlessCalls::expect_all(bool are_answered) {
  for (const auto& [number, result] : std::exchange(sent_, {})) {
    expect(settle(number, result, ledger_) == are_answered, "call {} was {}answered", number, are_answered ? "not " : "");
  }
}

namespace {

void expect_answer(const Proxy<Victim>& victim, Ledger& ledger) {
  HarmlessCalls call(victim, ledger);
  call.send();
  call.expect_all(true);
}

}  // namespace

SpawnOptions draw_start(Random& random) { return {.start = one_in(random, 4) ? StartMethod::spawn : StartMethod::forkserver}; }

Stage::Stage(const RuntimeOptions& options) : runtime_(options), other_(runtime_.spawn<Victim>(ledger_.path())) {}

Told Stage::ask(Asker asker, const std::function<Told()>& question) const {
  const Step step("coming to harm");
  if (asker != Asker::callback) return question();
  Told told;
  std::exception_ptr error;
  run_in_callback(other_, [&] {
    try {
      told = question();
    } catch (const std::exception&) {
      error = std::current_exception();
    }
  });
  if (error) std::rethrow_exception(error);
  return told;
}

void Stage::expect_goes_on() {
  const Step step("calling whom the harm must not touch");
  expect_answer(other_, ledger_);
  expect_answer(runtime_.spawn<Victim>(ledger_.path()), ledger_);
  other_ = {};
  expect_shutdown(runtime_);
  ledger_.expect_agreement(Blame::actor);
}

}  // namespace troupe::campaigns
