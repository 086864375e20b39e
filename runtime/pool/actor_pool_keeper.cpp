// SPDX-License-Identifier: BSL-1.0
// How the members of a pool come and go.
#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "client/started_thread.hpp"
#include "pool/actor_pool_members.hpp"
#include "pool/actor_pool_options.hpp"
#include "wire/registry.hpp"

namespace troupe::pool {

using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::milliseconds kNamePatience(5);

bool is_down(const detail::LinkHandle& link) { return link.get()->is_down(); }

}  // namespace

// Rings when a start is over.
class Members::Ringing final : public detail::Callback {
 public:
  explicit Ringing(std::shared_ptr<KeeperBell> bell) : bell_(std::move(bell)) {}
  bool note(detail::ResultCell&) noexcept override {
    bell_->ring();
    drop();
    return true;
  }
  void run(detail::ResultCell&) override {}  // never: note() says that that was all
  bool is_waiter() const noexcept override { return true; }

 private:
  const std::shared_ptr<KeeperBell> bell_;
};

Members::Start Members::start(std::size_t place) {
  SpawnOptions options = options_.spawn;
  if (!options.name.empty()) options.name += fmt::format("-{}", place);
  auto* cell = new detail::TypedCell<Newcomer>(1);
  Start begun{place, detail::ResultAccess::adopt(cell)};
  detail::SpawnOrder order{recipe_->maker, options, recipe_->arguments.bytes()};
  order.carried = recipe_->arguments.carried();
  detail::spawn_into(*session_, order, *cell);
  cell->add_callback(new Ringing(bell_));
  return begun;
}

std::vector<Members::Start> Members::start_all(std::size_t count) {
  std::vector<Start> starts;
  std::vector<std::size_t> places;
  {
    const std::lock_guard lock(mutex_);
    places = free_places(count);
    reserved_ = places;
  }
  for (const std::size_t place : places) starts.push_back(start(place));
  return starts;
}

// All of them, or none.
void Members::join_all(std::vector<Start> starts) {
  std::exception_ptr first;
  for (const auto& each : starts) {
    const std::exception_ptr error = each.result.exception();
    if (first == nullptr) first = error;
  }
  if (first != nullptr) give_back(starts);
  const std::size_t count = first == nullptr ? starts.size() : 0;
  {
    const std::lock_guard lock(mutex_);
    replacement_.add(count, Clock::now());  // first: a member that ends at once is one
    reserved_.clear();
  }
  if (first != nullptr) std::rethrow_exception(first);
  for (const auto& each : starts) join(each.place, each.result.get().link);
}

void Members::give_back(std::vector<Start>& starts) noexcept {
  std::vector<detail::LinkHandle> links;
  for (const auto& each : starts) {
    if (each.result.successful()) links.push_back(each.result.get().link);
  }
  for (const auto& link : links) stop(link);
  const TimePoint limit = options_.grace.after(Clock::now());
  for (const auto& link : links) await_end(link, limit);
}

void Members::stop(const detail::LinkHandle& link) const noexcept try {
  detail::link_stop(link, options_.grace);
} catch (const std::exception&) {  // its manager is no more, and so is it
}

// After the grace it is killed: that takes a second, and a moment.
void Members::await_end(const detail::LinkHandle& link, TimePoint limit) const noexcept try {
  constexpr std::chrono::seconds kKilling(2);
  if (limit == TimePoint::max()) {
    detail::link_wait(link, Timeout());
  } else {
    detail::link_wait(link, Timeout(limit + kKilling - Clock::now()));
  }
} catch (const std::exception&) {  // likewise
}

void Members::open() {
  const auto size = static_cast<std::size_t>(*options_.size);
  join_all(start_all(size));
  {
    const std::lock_guard lock(mutex_);
    replacement_.set_wanted(size, Clock::now());
  }
  keeper_ = client::started_thread([this] { keep(); });
}

void Members::resize(std::ptrdiff_t size) {
  const std::size_t to = checked_size("ActorPool::resize: size", size);
  const std::lock_guard one_at_a_time(resize_mutex_);
  const std::size_t from = wanted();
  if (to > from) join_all(start_all(to - from));
  std::vector<MemberReference> leaving;
  {
    const std::lock_guard lock(mutex_);
    replacement_.set_wanted(to, Clock::now());
    while (members_.size() > to) {
      const auto youngest = std::max_element(members_.begin(), members_.end(), [](const auto& a, const auto& b) {
        return std::pair(a->since, a->place) < std::pair(b->since, b->place);
      });
      (*youngest)->is_retired = true;
      leaving.push_back(*youngest);
      leaving_.push_back(*youngest);
      members_.erase(youngest);
      replacement_.retire();
    }
  }
  for (const auto& each : leaving) stop(each->link);
  bell_->ring();
}

void Members::close() noexcept {
  std::vector<MemberReference> members;
  std::vector<detail::LinkHandle> links;
  std::vector<Start> starts;
  std::deque<std::shared_ptr<client::MovedCall>> parked;
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    members = members_;
    members.insert(members.end(), leaving_.begin(), leaving_.end());
    members.insert(members.end(), lost_.begin(), lost_.end());
    leaving_.clear();
    lost_.clear();
    parked.swap(parked_);
  }
  bell_->ring();
  if (keeper_.joinable()) keeper_.join();
  for (const auto& call : parked) call->fail(no_member_error());
  {
    const std::lock_guard lock(mutex_);
    starts.swap(starts_);
  }
  for (const auto& member : members) links.push_back(member->link);
  for (const auto& link : links) stop(link);
  const TimePoint limit = options_.grace.after(Clock::now());
  for (const auto& each : starts) each.result.wait();
  give_back(starts);
  for (const auto& link : links) await_end(link, limit);
}

void Members::keep() {
  for (TimePoint due = TimePoint::max();;) {
    bell_->wait_until(due);
    {
      const std::lock_guard lock(mutex_);
      if (is_closed_) return;
    }
    due = tend();
  }
}

// A name is free when the manager has buried who had it, which may be later than it is known here to have ended; after a dump of
// core, much later. With the mutex held.
bool Members::must_await_names() const {
  const auto is_awaited = [](const MemberReference& each) { return !each->is_retired && !is_down(each->link); };
  return !options_.spawn.name.empty() && std::any_of(leaving_.begin(), leaving_.end(), is_awaited);
}

// Returns: when to look again, if nothing comes before.
TimePoint Members::tend() {
  stop_lost();
  take_started();
  std::vector<std::size_t> places;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(leaving_, [](const MemberReference& each) { return is_down(each->link); });
    if (!must_await_names()) places = free_places(replacement_.begin(Clock::now()));
  }
  for (const std::size_t place : places) {
    Start begun = start(place);
    const std::lock_guard lock(mutex_);
    starts_.push_back(std::move(begun));
  }
  place_parked();
  tell_news(Clock::now());
  const std::lock_guard lock(mutex_);
  return must_await_names() ? Clock::now() + kNamePatience : replacement_.due();
}

void Members::stop_lost() {
  std::vector<MemberReference> lost;
  {
    const std::lock_guard lock(mutex_);
    lost.swap(lost_);
    leaving_.insert(leaving_.end(), lost.begin(), lost.end());
  }
  for (const auto& each : lost) stop(each->link);
}

void Members::take_started() {
  std::vector<Start> over;
  {
    const std::lock_guard lock(mutex_);
    const auto first_over =
        std::stable_partition(starts_.begin(), starts_.end(), [](const auto& each) { return !each.result.ready(); });
    std::move(first_over, starts_.end(), std::back_inserter(over));
    starts_.erase(first_over, starts_.end());
  }
  for (const auto& each : over) {
    if (const std::exception_ptr error = each.result.exception()) {
      note_failed_start(error);
      continue;
    }
    {
      const std::lock_guard lock(mutex_);
      replacement_.note_started(Clock::now());
      last_failure_.clear();
    }
    join(each.place, each.result.get().link);
  }
}

void Members::note_failed_start(std::exception_ptr error) {
  const std::lock_guard lock(mutex_);
  try {
    std::rethrow_exception(std::move(error));
  } catch (const RuntimeStopped& failure) {
    replacement_.give_up();
    last_failure_ = failure.what();
  } catch (const ManagerDied& failure) {
    replacement_.give_up();
    last_failure_ = failure.what();
  } catch (const std::exception& failure) {
    last_failure_ = failure.what();
  } catch (...) {
    last_failure_ = "an exception that is no std::exception";
  }
  replacement_.note_failed(Clock::now());
}

// Those for which there is still no member, and none to come, fail.
void Members::place_parked() {
  std::deque<std::shared_ptr<client::MovedCall>> calls;
  {
    const std::lock_guard lock(mutex_);
    calls.swap(parked_);
  }
  for (auto& call : calls) inherit(std::move(call));
}

void Members::tell_news(TimePoint now) {
  std::optional<Replacement::News> news;
  PoolShort is_short;
  {
    const std::lock_guard lock(mutex_);
    news = replacement_.news(now);
    if (!news) return;
    is_short = {options_.spawn.name, wire::readable_type(recipe_->maker.type), replacement_.wanted(), members_.size(),
                last_failure_};
  }
  if (*news == Replacement::News::is_short) return session_->emit(std::move(is_short));
  session_->emit(PoolComplete{is_short.name, is_short.type, is_short.size});
}

}  // namespace troupe::pool
