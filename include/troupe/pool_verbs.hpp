// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>
#include <troupe/detail/crew.hpp>
#include <troupe/detail/pool_imap.hpp>
#include <troupe/detail/pool_items.hpp>
#include <troupe/detail/pool_map.hpp>
#include <troupe/fn.hpp>
#include <troupe/progress.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace troupe {

namespace detail {

template <class F>
class ProgressCallbackOf final : public ProgressCallback {
 public:
  explicit ProgressCallbackOf(F f) : f_(std::move(f)) {}
  void run(const Progress& progress) override { f_(progress); }

 private:
  F f_;
};

// Errors: std::invalid_argument for less than 1.
std::size_t checked_size(int workers);

// Terminates it, and joins it where that can be. In a forked child there are no workers, and nothing is done.
void end_pool(std::shared_ptr<Crew> crew);

}  // namespace detail

// What one can do with a pool, be it one of processes (Pool) or of threads (ThreadPool): multiprocessing's verbs. Where a
// function is wanted, it is a template argument, apply<&f>(arguments…), or the first argument. Errors of all verbs:
// PoolStateError after close() or terminate(); BrokenExecutorError; std::logic_error in a forked process. A task's own errors are
// in its result: what it threw, CancelledError, PoolTerminated. Thread-safety: full, callbacks of results included.
template <class Work>
class PoolVerbs {
 public:
  PoolVerbs(const PoolVerbs&) = delete;
  PoolVerbs& operator=(const PoolVerbs&) = delete;

  // One call of the function by one worker. Blocks: until it has ended.
  template <auto kFunction, class... Args>
  auto apply(Args&&... args) {
    return apply(fn<kFunction>, std::forward<Args>(args)...);
  }
  template <class F, class... Args>
  auto apply(F&& f, Args&&... args) {
    Work::template assert_takes<std::decay_t<F>>();
    return Work::apply(*crew_, std::forward<F>(f), std::forward<Args>(args)...);
  }
  // The same without blocking. Cancelled before a worker has begun with it, it never runs.
  template <auto kFunction, class... Args>
  auto apply_async(Args&&... args) {
    return apply_async(fn<kFunction>, std::forward<Args>(args)...);
  }
  template <class F, class... Args>
  auto apply_async(F&& f, Args&&... args) {
    Work::template assert_takes<std::decay_t<F>>();
    return Work::apply_async(*crew_, std::forward<F>(f), std::forward<Args>(args)...);
  }

  // The function of each item, in the items' order: std::vector<R>, or nothing where it gives nothing. Items go out in chunks of
  // `chunksize`, absent: so many that each worker gets four. All are run, even if one fails; then it fails with the error that
  // came first. Only when a worker process dies, those behind the item that it ran in its chunk are not, or are not known to be:
  // give a chunksize of 1 where that matters. Blocks: until all have ended. Errors: std::invalid_argument for a chunksize
  // below 1.
  template <auto kFunction, class Range>
  auto map(Range&& items, std::optional<std::ptrdiff_t> chunksize = {}) {
    return detail::taken(map_async(fn<kFunction>, std::forward<Range>(items), chunksize));
  }
  template <class F, class Range>
  auto map(F&& f, Range&& items, std::optional<std::ptrdiff_t> chunksize = {}) {
    return detail::taken(map_async(std::forward<F>(f), std::forward<Range>(items), chunksize));
  }
  template <auto kFunction, class Range>
  auto map_async(Range&& items, std::optional<std::ptrdiff_t> chunksize = {}) {
    return map_async(fn<kFunction>, std::forward<Range>(items), chunksize);
  }
  template <class F, class Range>
  auto map_async(F&& f, Range&& items, std::optional<std::ptrdiff_t> chunksize = {}) {
    using Function = std::decay_t<F>;
    Work::template assert_takes<Function>();
    return detail::map_async<Work, Function>(*crew_, kept<Function>(std::forward<F>(f)), std::forward<Range>(items), chunksize);
  }

  // The same with items that are tuples (or pairs), of a function that takes their elements.
  template <auto kFunction, class Range>
  auto starmap(Range&& items, std::optional<std::ptrdiff_t> chunksize = {}) {
    return detail::taken(starmap_async(fn<kFunction>, std::forward<Range>(items), chunksize));
  }
  template <class F, class Range>
  auto starmap(F&& f, Range&& items, std::optional<std::ptrdiff_t> chunksize = {}) {
    return detail::taken(starmap_async(std::forward<F>(f), std::forward<Range>(items), chunksize));
  }
  template <auto kFunction, class Range>
  auto starmap_async(Range&& items, std::optional<std::ptrdiff_t> chunksize = {}) {
    return starmap_async(fn<kFunction>, std::forward<Range>(items), chunksize);
  }
  template <class F, class Range>
  auto starmap_async(F&& f, Range&& items, std::optional<std::ptrdiff_t> chunksize = {}) {
    using Function = detail::Starred<std::decay_t<F>>;
    Work::template assert_takes<std::decay_t<F>>();
    return detail::map_async<Work, Function>(*crew_, kept<Function>(Function{std::forward<F>(f)}), std::forward<Range>(items),
                                             chunksize);
  }

  // A range of the results, in the items' order, or as they come. The first items are taken, and submitted, in the call: a window
  // of 64 chunks, or of four for each worker where that is more; the others while the range is gone through, no more than a
  // window ahead, so that there may be any number of them. What has been submitted is done after close(), too, and its results
  // can be read; where items are left, PoolStateError comes behind them. An item's error is thrown in its place by next(), after
  // which the range can be gone on with; a `for` cannot, as an exception leaves it.
  template <auto kFunction, class Range>
  auto imap(Range&& items, std::ptrdiff_t chunksize = 1) {
    return imap(fn<kFunction>, std::forward<Range>(items), chunksize);
  }
  template <class F, class Range>
  auto imap(F&& f, Range&& items, std::ptrdiff_t chunksize = 1) {
    return imap_in<detail::Order::of_items>(std::forward<F>(f), std::forward<Range>(items), chunksize);
  }
  template <auto kFunction, class Range>
  auto imap_unordered(Range&& items, std::ptrdiff_t chunksize = 1) {
    return imap_unordered(fn<kFunction>, std::forward<Range>(items), chunksize);
  }
  template <class F, class Range>
  auto imap_unordered(F&& f, Range&& items, std::ptrdiff_t chunksize = 1) {
    return imap_in<detail::Order::of_arrival>(std::forward<F>(f), std::forward<Range>(items), chunksize);
  }

  // It takes nothing more; its workers end when all is done. Idempotent.
  void close() { crew_->close(); }
  // What no worker has begun with fails with PoolTerminated; what they do, see Pool and ThreadPool. Returns at once; from
  // anywhere. Idempotent.
  void terminate() { crew_->terminate(); }
  // Blocks: until its workers have ended. Errors: PoolStateError unless it is closed, terminated or broken; WouldDeadlock in
  // a task of its own threads.
  void join() { crew_->join(); }

  // Calls f(const Progress&) while there is progress, in the thread of the callbacks; progress_bar(std::cerr) is one.
  template <class F>
  void on_progress(F f) {
    static_assert(std::is_invocable_v<F&, const Progress&>,
                  "troupe: on_progress takes a function that is called as f(const Progress&)");
    crew_->on_progress(std::make_shared<detail::ProgressCallbackOf<F>>(std::move(f)));
  }

  // From now on it wants so many workers: those that are missing are started, those that are too many end when they have done
  // what they do. Returns at once. Errors: std::invalid_argument for less than 1; StartError where no thread can be started.
  void resize(int workers) { crew_->resize(detail::checked_size(workers)); }
  // How many it wants.
  std::size_t size() const { return crew_->size(); }

 protected:
  using Crew = typename Work::Crew;

  explicit PoolVerbs(std::shared_ptr<Crew> crew) : crew_(std::move(crew)) {}
  ~PoolVerbs() { detail::end_pool(crew_); }  // it stays: tasks and callbacks may use the pool until they have ended

  Crew& crew() const { return *crew_; }

 private:
  template <class Function, class F>
  static auto kept(F&& f) {
    return typename Work::template Function<Function>(std::forward<F>(f));
  }
  template <detail::Order kOrder, class F, class Range>
  auto imap_in(F&& f, Range&& items, std::ptrdiff_t chunksize) {
    using Function = std::decay_t<F>;
    Work::template assert_takes<Function>();
    return detail::make_imap<Work, Function, kOrder>(crew_, kept<Function>(std::forward<F>(f)), std::forward<Range>(items),
                                                     {detail::checked_chunksize(chunksize)});
  }

  std::shared_ptr<Crew> crew_;
};

}  // namespace troupe
