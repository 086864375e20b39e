// SPDX-License-Identifier: BSL-1.0
#include "scene.hpp"

#include <chrono>

#include "ledger.hpp"
#include "watchdog.hpp"

namespace troupe::campaigns {

namespace {

constexpr std::chrono::milliseconds kGrace(20);          // for what never stops
constexpr std::chrono::milliseconds kFirstDeadline(20);  // for what never ends

// Whether its method has run to its end: a value, and an exception of its own, are what it gives then.
Verdict outcome_of(const Told& told, Place place) {
  if (told.answer == Answer::serialization_error) return place == Place::arguments ? Verdict::not_started : Verdict::done;
  const bool has_ended = told.answer == Answer::value || told.answer == Answer::own_exception;
  return has_ended ? Verdict::value : verdict_of(told.execution);
}

}  // namespace

Scene::Scene(Stage& stage, Harm harm, Place place, Asker asker, Random& random)
    : stage_(stage),
      harm_(harm),
      place_(place),
      asker_(asker),
      expected_(expected_of(harm, place)),
      random_(random),
      victim_(stage.runtime().spawn<Victim>(draw_start(random), stage.ledger().path())),
      before_(victim_, stage.ledger()),
      behind_(victim_, stage.ledger()) {
  victim_.on_down([told = down_](const Down& down) { told->set_value(down); });
  before_.send_some(random);
}

Told Scene::come_to_harm() { return place_ == Place::destructor ? stop_it() : call_it(); }

// What never ends gets a short grace when it has come to its destructor, and not before.
Told Scene::stop_it() {
  Ledger& ledger = stage_.ledger();
  const auto number = ledger.open_reserved(victim_.pid(), Verdict::waiting);
  await_as(asker_, victim_.call<&Victim::order_in_destructor>(number, harm_));
  victim_.stop(std::chrono::hours(1));
  if (fate_of(harm_, place_) == Fate::hangs) {
    ledger.await_begin(victim_.pid(), std::chrono::steady_clock::now() + Watchdog::kPatience);
    victim_.stop(kGrace);
  }
  victim_.wait();
  ledger.close(number, Verdict::maybe, Blame::nobody);
  return {};
}

// What never ends gets a deadline, and is killed. A deadline that passes before the call has started was too short: what was
// sent behind it runs.
Told Scene::call_it() {
  if (fate_of(harm_, place_) != Fate::hangs) return try_call({});
  for (auto deadline = kFirstDeadline;; deadline *= 2) {
    Told told = try_call(deadline);
    if (told.answer != Answer::timed_out || told.execution != Execution::not_started) {
      victim_.kill();
      return told;
    }
    behind_.expect_all(true);
  }
}

Told Scene::try_call(Timeout deadline) {
  const auto number = stage_.ledger().open_reserved(victim_.pid(), Verdict::waiting);
  Told told = call_with(deadline, number);
  stage_.ledger().close(number, outcome_of(told, place_), told.answer == Answer::actor_died ? Blame::actor : Blame::nobody);
  return told;
}

Told Scene::call_with(Timeout deadline, std::uint64_t number) {
  const auto victim = victim_.with({.deadline = deadline});
  switch (place_) {
    case Place::arguments:
      return told_of(victim.call<&Victim::take>(number, HarmfulArgument{harm_}));
    case Place::result:
      return told_of(victim.call<&Victim::give>(number, harm_));
    case Place::thread:
      return told_of(victim.call<&Victim::suffer_in_thread>(number, harm_));
    case Place::callback:
      return told_of(victim.call<&Victim::suffer_in_callback>(number, harm_, stage_.other()));
    default:
      return told_of(victim.call<&Victim::suffer_here>(number, harm_));
  }
}

template <class T>
Told Scene::told_of(const AsyncResult<T>& result) {
  behind_.send_some(random_);
  return told_by([&] { await_as(asker_, result); });
}

void Scene::expect_end() {
  const Step step("waiting for what is told of an end");
  before_.expect_all(true);
  behind_.expect_all(!expected_.death);
  if (expected_.death) {
    expect_death(*expected_.death);
  } else {
    expect_life();
  }
}

void Scene::expect_life() {
  HarmlessCalls later(victim_, stage_.ledger());
  later.send();
  later.expect_all(true);
  victim_.stop();
  const Down down = down_->get_future().get();
  expect(down.cause.kind == DeathKind::stopped, "it does not stop as if nothing had happened: {}", down.cause.text());
}

// Whoever waits, watches, or asks later is told the same.
void Scene::expect_death(const Death& death) {
  expect_status(victim_.wait(), death);
  const Down down = down_->get_future().get();
  expect_status(down.status, death);
  expect_cause(down.cause, death);
  const auto number = stage_.ledger().open_reserved(victim_.pid(), Verdict::waiting);
  const Told later = told_by([&] { await_as(asker_, victim_.call<&Victim::count>(number)); });
  expect_told(later, {.answer = Answer::actor_died, .execution = Execution::not_started, .death = death, .text = {}});
  stage_.ledger().close(number, Verdict::not_started, Blame::actor);
}

}  // namespace troupe::campaigns
