// SPDX-License-Identifier: BSL-1.0
#include "porter.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

namespace troupe::campaigns {

namespace {

constexpr std::size_t kMostHeld = 12;  // beyond, the oldest are dropped
constexpr std::size_t kMostGiven = 4;  // likewise, unread

}  // namespace

void touch(const Held& held, Ledger& ledger) {
  const auto number = ledger.open(static_cast<int>(held.id().value), Verdict::waiting);
  if (!number) return;
  try {
    if (held.token) {
      held.token.call<&Token::touch>(*number).get();
    } else {
      held.touch(*number).get();
    }
    ledger.close(*number, Verdict::value, Blame::nobody);
  } catch (const ActorDied& error) {
    ledger.close(*number, verdict_of(error.execution()), Blame::actor);
    ledger.complain(fmt::format("actor {} has ended while process {} held it: {}", held.id().value, ::getpid(), error.what()));
  } catch (const TimeoutError& error) {  // the step that this is part of has a deadline, which its calls inherit
    ledger.close(*number, verdict_of(error.execution()), Blame::nobody);
  } catch (const Error& error) {
    ledger.close(*number, Verdict::not_started, Blame::actor);
    ledger.complain(
        fmt::format("actor {} cannot be reached by process {}, which holds it: {}", held.id().value, ::getpid(), error.what()));
  }
}

Porter::Porter(const std::string& ledger_path, std::uint64_t seed, std::vector<Held> tokens)
    : ledger_(ledger_path), random_(seed), tokens_(std::move(tokens)) {
  for (const Held& each : tokens_) touch(each, ledger_);
}

void Porter::take(Held held) {
  touch(held, ledger_);
  tokens_.push_back(std::move(held));
  if (tokens_.size() > kMostHeld) tokens_.erase(tokens_.begin());
}

bool Porter::take_and_tell(const Held& held) {
  take(held);
  return one_in(random_, 2);
}

void Porter::refuse(const Held& held) {
  touch(held, ledger_);
  throw std::out_of_range("no room for it");
}

std::vector<Held> Porter::give(std::uint64_t seed, bool moves) {
  Random random(seed);
  std::vector<Held> given;
  for (int count = uniform(random, 0, 2); count > 0 && !tokens_.empty(); --count) given.push_back(pick(moves));
  return given;
}

// In one form or the other, or in both.
Held Porter::pick(bool moves) {
  const auto index = static_cast<std::size_t>(uniform(random_, 0, static_cast<int>(tokens_.size()) - 1));
  Held held = tokens_[index];
  if (moves) tokens_.erase(tokens_.begin() + static_cast<std::ptrdiff_t>(index));
  if (!held.token) return held;
  if (!held.touch && one_in(random_, 2)) held.touch = bind<&Token::touch>(held.token);
  if (held.touch && one_in(random_, 2)) held.token = {};
  return held;
}

void Porter::step() {
  look_at_given();
  if (!porters_.empty()) {
    const auto& other = porters_[static_cast<std::size_t>(uniform(random_, 0, static_cast<int>(porters_.size()) - 1))];
    try {
      if (one_in(random_, 2)) {
        pass(other);
      } else {
        ask(other);
      }
    } catch (const Error&) {  // the other one is dead
    }
  }
  if (!tokens_.empty() && one_in(random_, 4)) touch(tokens_.back(), ledger_);
  if (!tokens_.empty() && one_in(random_, 4)) pick(true);
}

void Porter::pass(const Proxy<Porter>& to) {
  if (tokens_.empty()) return;
  const Held held = pick(one_in(random_, 2));
  switch (uniform(random_, 0, 4)) {
    case 0:
      to.tell<&Porter::take>(held);
      break;
    case 1:
      to.call<&Porter::take_and_tell>(held);
      break;
    case 2:
      to.call<&Porter::refuse>(held);
      break;
    case 3:
      to.with({.deadline = std::chrono::microseconds(uniform(random_, 1, 300))}).call<&Porter::take_and_tell>(held);
      break;
    case 4:
      to.with({.deadline = std::chrono::microseconds(uniform(random_, 1, 300))}).tell<&Porter::take>(held);
      break;
  }
}

// Not itself: it would wait for its own answer.
void Porter::ask(const Proxy<Porter>& from) {
  if (from.pid() == ::getpid()) return;
  auto given = from.call<&Porter::give>(random_(), one_in(random_, 2));
  if (!one_in(random_, 3)) given_.push_back(std::move(given));
  if (given_.size() > kMostGiven) given_.pop_front();
}

void Porter::look_at_given() {
  while (!given_.empty() && given_.front().ready()) {
    const Given given = std::move(given_.front());
    given_.pop_front();
    if (one_in(random_, 4)) continue;  // it came, and nobody looks at it
    take_given(given);
  }
}

void Porter::take_given(const Given& given) {
  try {
    for (const Held& each : given.get()) take(each);
  } catch (const Error&) {  // the other one has died
  }
}

void Porter::settle() {
  for (; !given_.empty(); given_.pop_front()) take_given(given_.front());
}

std::vector<std::uint64_t> Porter::held() const {
  std::vector<std::uint64_t> ids;
  for (const Held& each : tokens_) ids.push_back(each.id().value);
  return ids;
}

void Porter::clear() {
  tokens_.clear();
  given_.clear();
}

}  // namespace troupe::campaigns
