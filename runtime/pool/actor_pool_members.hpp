// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/actor_pool.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "client/call_channel.hpp"
#include "client/heir.hpp"
#include "client/link.hpp"
#include "client/moved_call.hpp"
#include "client/session.hpp"
#include "pool/actor_pool_breaker.hpp"
#include "pool/actor_pool_replacement.hpp"
#include "pool/actor_pool_routing.hpp"

namespace troupe::pool {

// The actor that a spawn has made: what its proxy consists of, whatever its class.
struct Newcomer {
  template <class Archive>
  void load(Archive& archive) {
    link = detail::unpack_link(detail::load_link(archive), "");
  }
  template <class Archive>
  void save(Archive& archive) const {
    detail::save_link(archive, link);
  }

  detail::LinkHandle link{};
};

// One actor of a pool. Thread-safety: what is const; the rest with the pool's mutex.
class Member {
 public:
  Member(std::size_t at, detail::LinkHandle its_link, const CircuitBreaker& options, TimePoint now)
      : place(at), link(std::move(its_link)), channel(*link.get()->channel_or_null()), since(now), breaker(options) {}

  const std::size_t place;  // the lowest that was free
  const detail::LinkHandle link;
  client::CallChannel& channel;  // the link's
  const TimePoint since;
  Breaker breaker;
  bool is_retired = false;  // it leaves because the pool has become smaller
};

// What wakes a pool's keeper; outlives both, for starts that end later. Thread-safety: full.
class KeeperBell {
 public:
  void ring() noexcept {
    const std::lock_guard lock(mutex_);
    is_rung_ = true;
    rung_.notify_all();
  }
  // Blocks: until it is rung, or `due`.
  void wait_until(TimePoint due) {
    std::unique_lock lock(mutex_);
    const auto is_rung = [this] { return is_rung_; };
    if (due == TimePoint::max()) {
      rung_.wait(lock, is_rung);
    } else {
      rung_.wait_until(lock, due, is_rung);
    }
    is_rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable rung_;
  bool is_rung_ = false;  // guarded by mutex_
};

// The members of an ActorPool: chooses among them, replaces those that have ended. When to do that is the others' decision (see
// README.md). Thread-safety: full. Ownership: shared by the pool, its routes, and in passing by its members' heirs; close() ends
// it.
class Members : public std::enable_shared_from_this<Members> {
 public:
  using MemberReference = std::shared_ptr<Member>;

  // Errors: std::invalid_argument.
  Members(std::shared_ptr<client::Session> session, const ActorPoolOptions& options, std::unique_ptr<detail::PoolRecipe> recipe);
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;

  // The first members, and the keeper. Blocks, and errors: see make_members.
  void open();
  // Blocks: until all have ended, or the grace is over. Nothing is started or chosen any more.
  void close() noexcept;

  // Never null: where there is none that could take a call, one that has ended, whose channel gives it back to inherit().
  MemberReference choose(const detail::PoolKey& key);
  // nullptr: there is none.
  MemberReference choose_living(const detail::PoolKey& key);
  std::vector<MemberReference> all() const;

  std::size_t wanted() const;
  // See ActorPool::resize.
  void resize(std::ptrdiff_t size);
  std::size_t calls_in_flight() const;
  std::exception_ptr no_member_error() const;

  // From the members' heirs.
  void note_end(const client::CallChannel& channel, bool is_last) noexcept;
  void note_expiry(const client::CallChannel& channel) noexcept;
  void inherit(std::shared_ptr<client::MovedCall> call) noexcept;

 private:
  class View;
  class MemberHeir;
  class Ringing;

  // One that is coming up.
  struct Start {
    std::size_t place;
    AsyncResult<Newcomer> result;
  };

  // With the mutex held.
  MemberReference pick(const detail::PoolKey& key);
  MemberReference pick_soonest() const;
  std::vector<std::size_t> free_places(std::size_t count) const;
  std::optional<std::size_t> index_of(const client::CallChannel& channel) const;
  std::string describe() const;
  bool must_await_names() const;
  bool may_park() const;
  void bury(const MemberReference& member) noexcept;

  // Without it (actor_pool_keeper.cpp).
  Start start(std::size_t place);
  std::vector<Start> start_all(std::size_t count);
  void join_all(std::vector<Start> starts);
  void give_back(std::vector<Start>& starts) noexcept;
  void join(std::size_t place, detail::LinkHandle link);
  void stop(const detail::LinkHandle& link) const noexcept;
  void await_end(const detail::LinkHandle& link, TimePoint limit) const noexcept;
  void keep();
  TimePoint tend();
  void stop_lost();
  void take_started();
  void note_failed_start(std::exception_ptr error);
  void place_parked();
  void tell_news(TimePoint now);

  const std::shared_ptr<client::Session> session_;
  const ActorPoolOptions options_;
  const std::unique_ptr<detail::PoolRecipe> recipe_;
  const std::shared_ptr<KeeperBell> bell_ = std::make_shared<KeeperBell>();
  std::mutex resize_mutex_;  // one at a time; held over starts, so before mutex_
  mutable std::mutex mutex_;
  // Guarded by mutex_:
  std::vector<MemberReference> members_;  // by place
  MemberReference last_;                  // that has ended
  std::vector<MemberReference> leaving_;  // of no use any more, until they are known to have ended
  std::vector<MemberReference> lost_;     // likewise, and not told to stop yet: whose channel has ended need not have died
  std::vector<Start> starts_;
  std::vector<std::size_t> reserved_;                      // places of a resize that is under way
  std::deque<std::shared_ptr<client::MovedCall>> parked_;  // until there is a member
  Router router_;
  Replacement replacement_;
  std::string last_failure_;
  bool is_closed_ = false;

  std::thread keeper_;
};

}  // namespace troupe::pool
