// SPDX-License-Identifier: BSL-1.0
#include "load.hpp"

#include <fmt/core.h>

#include <chrono>
#include <csignal>
#include <exception>
#include <type_traits>
#include <utility>

#include "processes.hpp"
#include "watchdog.hpp"

namespace troupe::campaigns {

namespace {

std::uint32_t draw_work_us(Random& random) { return one_in(random, 3) ? static_cast<std::uint32_t>(uniform(random, 1, 60)) : 0; }

// Mostly one cell, sometimes so much that few fit into the ring.
std::uint32_t draw_text_bytes(Random& random) {
  return static_cast<std::uint32_t>(one_in(random, 20) ? uniform(random, 0, 12000) : uniform(random, 0, 200));
}

// One that passes while the call waits or runs, or one that never does.
Timeout draw_deadline(Random& random) {
  return one_in(random, 2) ? Timeout(std::chrono::microseconds(uniform(random, 1, 500))) : Timeout(std::chrono::hours(1));
}

void settle_or_throw(std::uint64_t number, const AsyncResult<std::uint64_t>& result, Ledger& ledger) {
  const Step step("waiting for one call");
  try {
    expect(result.get() == Clerk::counted(number), "call {} gave a wrong value", number);
    ledger.close(number, Verdict::value, Blame::nobody);
  } catch (const ActorDied& error) {
    ledger.close(number, verdict_of(error.execution()), Blame::actor);
    throw;
  } catch (const ManagerDied& error) {
    ledger.close(number, verdict_of(error.execution()), Blame::manager);
    throw;
  } catch (const TimeoutError& error) {
    ledger.close(number, verdict_of(error.execution()), Blame::nobody);
    throw;
  }
}

}  // namespace

Sender::Sender(Proxy<Clerk> clerk, Ledger& ledger, std::uint32_t number, int in_flight, std::uint64_t seed, Lives lives)
    : clerk_(std::move(clerk)),
      pid_(clerk_.pid()),
      ledger_(ledger),
      number_(number),
      in_flight_(in_flight),
      lives_(lives),
      random_(seed),
      uses_callbacks_(one_in(random_, 3)) {}

void Sender::run() {
  try {
    send_and_settle();
  } catch (const std::exception& error) {
    ledger_.complain(fmt::format("a sender to process {} ended with: {}", pid_, error.what()));
  }
}

void Sender::send_and_settle() {
  Step step(uses_callbacks_ ? "waiting for callbacks" : "waiting for results");
  for (bool can_send = true; can_send || open_ > 0;) {
    while (can_send && open_ < in_flight_) can_send = send();
    if (open_ > 0) settle_one();
    can_send = can_send && may_send();
    step.renew();
  }
}

// False: the ledger is full, or there is nobody to send to any more.
bool Sender::send() {
  if (!may_send()) return false;
  const bool is_tell = one_in(random_, 20);
  const auto number = ledger_.open(pid_, is_tell ? Verdict::told : Verdict::waiting);
  if (!number) return false;
  if (is_tell) {
    tell(*number);
  } else {
    call(*number);
  }
  return true;
}

void Sender::tell(std::uint64_t number) {
  try {
    clerk_.tell<&Clerk::note>(number, number_);
    const std::lock_guard lock(mutex_);
    told_.push_back(number);
  } catch (const ActorDied& error) {
    fail(number, error.execution(), Blame::actor);
  } catch (const ManagerDied& error) {
    fail(number, error.execution(), Blame::manager);
  }
}

void Sender::call(std::uint64_t number) {
  Sent sent{number};
  ++open_;
  if (one_in(random_, 10)) {
    ask(clerk_.with({.deadline = draw_deadline(random_)}), sent);
  } else {
    ask(clerk_, sent);
  }
  if (!uses_callbacks_) {
    window_.push_back(std::move(sent));
  } else if (sent.echo.valid()) {
    add_callback(sent, sent.echo);
  } else {
    add_callback(sent, sent.count);
  }
}

template <class Verbs>
void Sender::ask(const Verbs& verbs, Sent& sent) {
  if (one_in(random_, 5)) {
    sent.text_bytes = draw_text_bytes(random_);
    sent.echo = verbs.template call<&Clerk::echo>(sent.number, number_, Clerk::text_of(sent.number, sent.text_bytes));
  } else {
    sent.count = verbs.template call<&Clerk::count>(sent.number, number_, draw_work_us(random_));
  }
}

// Under the lock to the end: this may go as soon as nothing is open.
template <class T>
void Sender::add_callback(const Sent& sent, const AsyncResult<T>& result) {
  result.on_done([this, number = sent.number, text_bytes = sent.text_bytes](const AsyncResult<T>& settled) {
    record({number, text_bytes}, settled);
    const std::lock_guard lock(mutex_);
    --open_;
    settled_.notify_one();
  });
}

// With callbacks: waits until less is open. Without: records one outcome, mostly the oldest's.
void Sender::settle_one() {
  if (uses_callbacks_) {
    std::unique_lock lock(mutex_);
    const int limit = may_send() ? in_flight_ : 1;
    settled_.wait(lock, [&] { return open_ < limit; });
    return;
  }
  if (one_in(random_, 4)) std::swap(window_.front(), window_[static_cast<std::size_t>(uniform(random_, 0, open_ - 1))]);
  const Sent sent = std::move(window_.front());
  window_.pop_front();
  if (sent.echo.valid()) {
    wait_somehow(sent.echo);
    record(sent, sent.echo);
  } else {
    wait_somehow(sent.count);
    record(sent, sent.count);
  }
  --open_;
}

template <class T>
void Sender::wait_somehow(const AsyncResult<T>& result) {
  switch (uniform(random_, 0, 3)) {
    case 0:
      result.wait();
      return;
    case 1:
      while (!result.wait(std::chrono::microseconds(uniform(random_, 0, 200)))) {
      }
      return;
    case 2:
      while (!result.ready()) std::this_thread::yield();
      return;
    default:
      return;  // get does
  }
}

template <class T>
void Sender::record(const Sent& sent, const AsyncResult<T>& result) {
  try {
    const T& value = result.get();
    bool is_right = false;
    if constexpr (std::is_same_v<T, std::string>) {
      is_right = value == Clerk::text_of(sent.number, sent.text_bytes);
    } else {
      is_right = value == Clerk::counted(sent.number);
    }
    if (!is_right) ledger_.complain(fmt::format("call {} to process {} gave a wrong value", sent.number, pid_));
    ledger_.close(sent.number, Verdict::value, Blame::nobody);
    note_answered(sent.number);
  } catch (const ActorDied& error) {
    fail(sent.number, error.execution(), Blame::actor);
  } catch (const ManagerDied& error) {
    fail(sent.number, error.execution(), Blame::manager);
  } catch (const TimeoutError& error) {
    ledger_.close(sent.number, verdict_of(error.execution()), Blame::nobody);
  } catch (const std::exception& error) {
    ledger_.complain(fmt::format("call {} to process {} failed with: {}", sent.number, pid_, error.what()));
    ledger_.close(sent.number, Verdict::maybe, Blame::nobody);
    has_fallen_ = true;
  }
}

void Sender::fail(std::uint64_t number, Execution execution, Blame blame) {
  ledger_.close(number, verdict_of(execution), blame);
  const bool is_end = lives_ == Lives::one || execution == Execution::not_started;
  if (is_end) has_fallen_ = true;
}

// The one-way messages before it have been executed, too: unless one of them ran when a life ended.
void Sender::note_answered(std::uint64_t number) {
  if (lives_ == Lives::many) return;
  const std::lock_guard lock(mutex_);
  for (; !told_.empty() && told_.front() < number; told_.pop_front()) ledger_.note_answered_after(told_.front());
}

Lane::Lane(Runtime& runtime, Ledger& ledger, Random& random, Lives lives)
    : clerk_(spawn_clerk(runtime, ledger, lives)), host_(platform::Process::open(clerk_.pid())) {
  const bool has_two = one_in(random, 3);
  for (std::uint32_t number = 0; number < (has_two ? 2u : 1u); ++number) {
    senders_.push_back(std::make_unique<Sender>(clerk_, ledger, number, has_two ? kInFlight / 2 : kInFlight, random(), lives));
  }
  if (one_in(random, 3)) reader_ = std::make_unique<StreamReader>(clerk_, ledger, random(), lives);
}

Lane::~Lane() { end(); }

void Lane::begin() {
  for (const auto& sender : senders_) threads_.emplace_back(&Sender::run, sender.get());
  if (reader_ != nullptr) threads_.emplace_back(&StreamReader::run, reader_.get());
}

void Lane::join() {
  const Step step("waiting for the senders to one actor to end");
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void Lane::end() {
  for (const auto& sender : senders_) sender->end();
  if (reader_ != nullptr) reader_->end();
  join();
}

Proxy<Clerk> spawn_clerk(Runtime& runtime, Ledger& ledger, Lives lives) {
  const Step step("spawning an actor and calling it once");
  constexpr RestartPolicy kAlways = {.max = 1'000'000, .backoff = {.first = std::chrono::seconds(0)}};
  auto clerk = runtime.spawn<Clerk>({.restart = lives == Lives::many ? kAlways : RestartPolicy::never}, ledger.path());
  call_once(clerk, ledger);
  return clerk;
}

bool settle(std::uint64_t number, const AsyncResult<std::uint64_t>& result, Ledger& ledger) {
  try {
    settle_or_throw(number, result, ledger);
    return true;
  } catch (const ActorDied&) {
  } catch (const ManagerDied&) {
  } catch (const TimeoutError&) {
  }
  return false;
}

void call_once(const Proxy<Clerk>& clerk, Ledger& ledger, std::uint32_t sender) {
  const std::uint64_t number = ledger.open_reserved(clerk.pid(), Verdict::waiting);
  settle_or_throw(number, clerk.call<&Clerk::count>(number, sender, 0u), ledger);
}

void expect_shutdown(Runtime& runtime) {
  const Step step("ending a runtime");
  expect(runtime.shutdown().killed.empty(), "actors had to be killed at the end");
}

void expect_refusal(const Proxy<Clerk>& clerk, Ledger& ledger, DeathKind kind) {
  try {
    call_once(clerk, ledger);
  } catch (const ActorDied& error) {
    expect(error.execution() == Execution::not_started, "a call to a dead actor may have run");
    const DeathCause cause = error.cause();
    expect(cause.kind == kind && cause.signal == SIGKILL, "the cause of death is wrong: {}", cause.text());
    return;
  }
  throw Broken("a call to a dead actor was answered");
}

Lanes make_lanes(Runtime& runtime, Ledger& ledger, Random& random, Lives lives) {
  Lanes lanes;
  for (int i = 0; i < kActors; ++i) lanes.push_back(std::make_unique<Lane>(runtime, ledger, random, lives));
  return lanes;
}

}  // namespace troupe::campaigns
