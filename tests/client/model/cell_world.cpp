// SPDX-License-Identifier: BSL-1.0
#include "cell_world.hpp"

#include <algorithm>
#include <utility>

namespace troupe::model {

using std::memory_order_relaxed;

namespace {

constexpr std::array<const char*, kActCount> kNames = {
    "set_value",        "set_error", "work", "reply", "arrival", "cancel",     "wait",       "wait_timed",
    "wait_in_callback", "take",      "read", "copy",  "add",     "add_remove", "add_waiter", "watch",
    "follow",           "promote",   "lead", "nudge"};

}  // namespace

const char* name_of(Act act) { return kNames.at(static_cast<std::size_t>(act)); }
bool is_completing(Act act) { return act <= Act::cancel; }

std::size_t CellPlan::count(Act act) const { return static_cast<std::size_t>(std::count(acts.begin(), acts.end(), act)); }
bool CellPlan::is_completed() const { return std::any_of(acts.begin(), acts.end(), is_completing); }

std::string CellPlan::text() const {
  std::string names = has_callback_thread ? "with a thread for callbacks: " : "";
  for (const Act act : acts) names += std::string(name_of(act)) + " ";
  return names;
}

CellWorld::CellWorld(const CellPlan& plan) : plan_(plan) {
  name_words();
  std::uint64_t counts = 0;
  for (std::size_t number = 0; number < plan_.acts.size(); ++number) {
    const Act act = plan_.acts[number];
    counts += holding(act);
    nodes_.at(number).kind = act;
    thread(name_of(act), [this, number] { perform(number); });
  }
  set(counts_.location(), counts);
  if (plan_.has_callback_thread) thread("callbacks", [this] { serve_callbacks(); });
  if (plan_.has(Act::wait_timed)) have_time_pass();
}

// At any moment; or never, where an outcome ends the wait as well.
void CellWorld::have_time_pass() {
  if (!plan_.is_completed()) {
    return thread("time", [this] {
      time_.exchange(1);
      futex_wake(time_);
    });
  }
  mortal_thread(
      "time", [] { pause(); },
      [this] {
        set(time_.location(), 1);
        wake(time_.location());
      });
}

void* CellWorld::operator new(std::size_t bytes) {
  alignas(CellWorld) static std::array<std::byte, sizeof(CellWorld)> place;
  return bytes == place.size() ? place.data() : nullptr;
}

void CellWorld::name_words() {
  status_.named("status");
  callbacks_.named("callbacks");
  counts_.named("counts");
  value_.named("value");
  error_.named("error");
  arrival_.named("arrival");
  watched_.named("watched");
  time_.named("time");
  wait_mutex_.named("mutex of the wait");
  is_for_ever_.named("is_for_ever");
  posted_.named("posted");
  for (auto& node : nodes_) node.next.word().named("next of a callback");
}

std::uint64_t CellWorld::holding(Act act) const {
  const bool is_handle = act != Act::reply && act != Act::arrival && act != Act::promote && act != Act::nudge;
  return is_handle ? Counts::kHandle : Counts::kReference;
}

void CellWorld::perform(std::size_t number) {
  act_on(number);
  restate(0);
  drop(holding(plan_.acts.at(number)));
}

void CellWorld::act_on(std::size_t number) {
  const auto id = static_cast<std::uint32_t>(number);
  switch (plan_.acts.at(number)) {
    case Act::set_value:
      return complete(0x100 + id);
    case Act::set_error:
      return complete(0x200 + id);
    case Act::work:
      return work(0x100 + id);
    case Act::reply:
      return reply(0x100 + id);
    case Act::arrival:
      return arrive(0x100 + id);
    case Act::cancel:
      return cancel(number);
    case Act::wait:
      return await();
    case Act::wait_timed:
      return await_timed();
    case Act::wait_in_callback:
      return await_in_callback();
    case Act::take:
      return take();
    case Act::read:
      return read();
    case Act::copy:
      return copy();
    case Act::add:
    case Act::add_remove:
    case Act::add_waiter:
      return add(nodes_.at(number));
    case Act::watch:
      return watch();
    case Act::follow:
      return follow();
    case Act::promote:
      return Protocol::promote(status_);
    case Act::lead:
      return lead();
    case Act::nudge:
      return nudge();
  }
}

// ---- completing

void CellWorld::win(std::uint32_t outcome) {
  winner_.set(outcome);
  outcomes_.set(outcomes_.get() + 1);
}

bool CellWorld::claim(std::uint32_t outcome) {
  if (!Protocol::claim(status_)) return false;
  win(outcome);
  return true;
}

void CellWorld::complete(std::uint32_t outcome) {
  if (!claim(outcome)) return;
  restate(outcome);
  (outcome < 0x200 ? value_ : error_).store(outcome, memory_order_relaxed);
  publish(true);
}

void CellWorld::work(std::uint32_t outcome) {
  if (!Protocol::start(status_)) return;
  has_run_.set(true);
  restate(1);
  complete(outcome);
}

void CellWorld::reply(std::uint32_t outcome) {
  if (!Protocol::has(status_, Status::kClaimed)) value_.store(outcome, memory_order_relaxed);
  if (Protocol::complete_untouched(status_)) {
    win(outcome);
    if (plan_.has_callback_thread) posted_.exchange(Posted::nothing);
  } else if (claim(outcome)) {
    publish(true);
  }
}

void CellWorld::arrive(std::uint32_t outcome) {
  if (!claim(outcome)) return;
  arrival_.store(outcome, memory_order_relaxed);
  publish(false);
}

void CellWorld::cancel(std::size_t number) {
  if (is_released()) return cancelled_.at(number).set(outcome() == kCancelled);
  switch (Protocol::cancel(status_)) {
    case Protocol::Cancel::won:
      win(kCancelled);
      error_.store(kCancelled, memory_order_relaxed);
      cancelled_.at(number).set(true);
      return publish(true);
    case Protocol::Cancel::started:
      return;
    case Protocol::Cancel::claimed:
      await();
      return cancelled_.at(number).set(outcome() == kCancelled);
  }
}

// The order of CellAccess::publish and tell.
void CellWorld::publish(bool is_decoded) {
  const std::uint32_t outcome = Status::kStored | (is_decoded ? Status::kDecoded : 0);
  if (!Protocol::publish_unobserved(status_, outcome)) {
    const std::uint32_t seen = Protocol::store(status_, outcome);
    restate(seen);
    if ((seen & Status::kWatched) != 0) watched_.fetch_sub(1);
    tell(seen);
  }
  if (plan_.has_callback_thread && get(posted_.location()) == 0) posted_.exchange(Posted::nothing);
}

void CellWorld::tell(std::uint32_t seen) {
  if ((seen & (Status::kCallbacks | Status::kWaiters)) == 0) return Protocol::release(status_);
  if ((seen & Status::kCallbacks) == 0) {
    List::release_and_tell(status_, callbacks_, [this](CellNode* waiters) {
      for (CellNode* each = waiters; each != nullptr;) note(*std::exchange(each, each->next));
    });
  } else if (!plan_.has_callback_thread) {
    run_callbacks();
  } else {
    if ((seen & Status::kSleeper) != 0) CellAtomics::wake_all(status_);
    Counts::add(counts_, Counts::kReference);
    posted_.exchange(Posted::callbacks);
  }
}

void CellWorld::run_callbacks() {
  List::run_and_release(
      status_, callbacks_,
      [this](CellNode* callbacks) {
        for (CellNode* each = callbacks; each != nullptr;) run(*std::exchange(each, each->next));
      },
      [this](CellNode* waiters) {
        for (CellNode* each = waiters; each != nullptr;) note(*std::exchange(each, each->next));
      });
}

void CellWorld::run(CellNode& node) {
  require(!node.is_begun.get() && !node.is_removed.get(), "a callback is told once, unless it was taken out");
  node.is_begun.set(true);
  if (node.rank.get() != 0) {
    require((get(status_.location()) & Status::kReleased) == 0, "users' callbacks run before anybody else learns of the outcome");
    require(node.rank.get() > last_run_.get(), "users' callbacks run in the order of their registration");
    last_run_.set(node.rank.get());
  }
  look();
  node.is_told.set(true);
  drop(node);
}

void CellWorld::note(CellNode& node) {
  require(!node.is_begun.get() && !node.is_removed.get(), "a callback is told once, unless it was taken out");
  require((get(status_.location()) & Status::kReleased) != 0, "waiters learn of the outcome with everybody else");
  node.is_begun.set(true);
  node.is_told.set(true);
  drop(node);
}

void CellWorld::serve_callbacks() {
  if (posted_.load() == Posted::not_yet) await_change(posted_);
  if (posted_.load() == Posted::nothing) return;
  run_callbacks();
  drop(Counts::kReference);
}

// ---- looking

void CellWorld::await() {
  Protocol::await(status_, Status::kReleased, {});
  restate(2);
  check_told();
  look();
}

void CellWorld::await_timed() {
  if (!Protocol::await(status_, Status::kReleased, {&time_})) {
    require(get(time_.location()) != 0, "a wait that gives up does so at its time");
    return;
  }
  restate(2);
  check_told();
  look();
}

// It may see the outcome while another thread still runs the callbacks.
void CellWorld::await_in_callback() {
  Protocol::await(status_, Status::kStored, {});
  if (!is_released()) run_callbacks();
  look();
}

void CellWorld::follow() {
  for (bool is_promoted = false; !is_promoted && !is_released();) {
    if (const std::uint32_t seen = Protocol::announce_sleep(status_, Status::kReleased)) CellAtomics::sleep(status_, seen);
    is_promoted = Protocol::take_promotion(status_);
  }
}

// CallChannel::await_with_others, and how it ends: ActorWait::end.
void CellWorld::lead() {
  constexpr std::uint32_t kUntil = Status::kReleased | Status::kNudged;
  while (!is_released() && is_for_ever_.load() == 0) {
    restate(6);
    if (const std::uint32_t seen = Protocol::announce_sleep(status_, kUntil)) CellAtomics::sleep(status_, seen);
  }
  restate(7);
  lock_wait();
  Protocol::end_nudge(status_);
  has_wait_ended_.set(true);
  wait_mutex_.exchange(0);
}

// ActorWait::note_for_ever.
void CellWorld::nudge() {
  lock_wait();
  if (!has_wait_ended_.get()) {
    is_for_ever_.exchange(1);
    Protocol::nudge(status_);
  }
  wait_mutex_.exchange(0);
}

void CellWorld::lock_wait() {
  while (wait_mutex_.exchange(1) != 0) CellAtomics::await_change(wait_mutex_);
}

void CellWorld::read() {
  if (!is_released()) return;
  check_told();
  look();
}

void CellWorld::take() {
  await();
  restate(3);
  if (Counts::is_last_handle(counts_)) value_.store(kTaken, memory_order_relaxed);
}

void CellWorld::copy() {
  Counts::add(counts_, Counts::kHandle);
  drop(Counts::kHandle);
}

// The order of ResultCell::add_callback.
void CellWorld::add(CellNode& node) {
  const bool is_pushed = !is_released() && List::push(status_, callbacks_, &node);
  if (is_pushed) {
    registered_.set(registered_.get() + 1);
    node.rank.set(registered_.get());
    restate(5);
    if (node.kind != Act::add_remove || !List::remove(callbacks_, &node)) return;
    node.is_removed.set(true);
    return drop(node);
  }
  await();
  restate(4);
  node.is_waiter() ? note(node) : run(node);
}

void CellWorld::watch() {
  watched_.fetch_add(1);
  if (!Protocol::watch(status_)) watched_.fetch_sub(1);
}

std::uint32_t CellWorld::outcome() {
  Protocol::decode_once(status_, [this] {
    decoded_.set(decoded_.get() + 1);
    value_.store(arrival_.exchange(0), memory_order_relaxed);
  });
  const std::uint32_t error = error_.load(memory_order_relaxed);
  return error != 0 ? error : value_.load(memory_order_relaxed);
}

void CellWorld::look() { require(outcome() == winner_.get(), "everybody sees the one outcome"); }

void CellWorld::check_told() const {
  for (const auto& node : nodes_) {
    const bool is_due = node.rank.get() != 0 && !node.is_waiter() && !node.is_removed.get();
    require(!is_due || node.is_told.get(), "who waits learns of the outcome after the users' callbacks");
  }
}

// ---- who destroys

void CellWorld::drop(std::uint64_t what) {
  if (!Counts::drop(counts_, what)) return;
  fence();  // what it has stored itself is in order before whatever becomes of the memory
  destroyed_.set(destroyed_.get() + 1);
  for (Location* each : {&status_.location(), &callbacks_.location(), &counts_.location(), &value_.location(), &error_.location(),
                         &arrival_.location()}) {
    retire(*each);
  }
}

void CellWorld::drop(CellNode& node) {
  fence();
  retire(node.next.word().location());
}

// ---- when all is over

void CellWorld::check() {
  const bool is_completed = plan_.is_completed();
  require(outcomes_.get() == (is_completed ? 1 : 0), "there is exactly one outcome");
  require(decoded_.get() <= 1, "what has arrived is decoded once");
  require(!has_run_.get() || winner_.get() != kCancelled, "what was cancelled never runs, and what has started is not cancelled");
  require((get(status_.location()) & Status::kNudged) == 0, "a nudge goes with the wait that it was for");
  require(destroyed_.get() == 1, "the cell is destroyed once");
  require(!is_completed || get(watched_.location()) == 0, "the channel's count of what it watches comes out even");
  for (std::size_t number = 0; number < plan_.acts.size(); ++number) {
    const CellNode& node = nodes_.at(number);
    if (node.kind == Act::cancel)
      require(cancelled_.at(number).get() == (winner_.get() == kCancelled),
              "cancel() says whether the outcome is a CancelledError");
    if (node.kind >= Act::add && node.kind <= Act::add_waiter && is_completed)
      require(node.is_told.get() != node.is_removed.get(), "a callback is told once, unless it was taken out");
  }
}

Outcome explore_cell(const CellPlan& plan, const Limits& limits) { return explore_all<CellWorld>(limits, plan); }

}  // namespace troupe::model
