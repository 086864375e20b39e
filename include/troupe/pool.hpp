// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>
#include <troupe/detail/call_crew.hpp>
#include <troupe/detail/call_task.hpp>
#include <troupe/detail/pool_function.hpp>
#include <troupe/detail/pool_imap.hpp>
#include <troupe/detail/pool_map.hpp>
#include <troupe/options.hpp>
#include <troupe/progress.hpp>
#include <troupe/runtime.hpp>
#include <troupe/timeout.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe {

namespace detail {

// A function that each worker of a pool runs first; default-constructed: none.
class WorkerInitializer {
 public:
  WorkerInitializer() = default;
  template <class F>
  requires std::is_invocable_v<F&> WorkerInitializer(F) : node_(&Registration<RunKey<PoolWorker, Initialization<F>>>::node()) {
    assert_is_function_value<F>();
  }

  const RegistrationNode* node() const noexcept { return node_; }

 private:
  template <class F>
  struct Initialization {
    void operator()(PoolWorker&) const { F()(); }
  };

  const RegistrationNode* node_ = nullptr;
};

template <class F>
class ProgressCallbackOf final : public ProgressCallback {
 public:
  explicit ProgressCallbackOf(F f) : f_(std::move(f)) {}
  void run(const Progress& progress) override { f_(progress); }

 private:
  F f_;
};

}  // namespace detail

struct PoolOptions {
  std::optional<int> processes{};  // absent: the processors that this process may use (affinity, cgroup)
  detail::WorkerInitializer initializer =
      {};  // fn<&f>, or a lambda without captures: run once by each worker, before its first task
  std::optional<int> max_tasks_per_child{};  // then it is replaced; a chunk counts as one. Absent: never
  bool strict = false;                       // the first worker that dies ends the pool, as BrokenExecutorError says
  StartMethod start = StartMethod::forkserver;
  // A worker that has had nothing to do for so long ends, and is started again when there is. Absent: it stays.
  Timeout idle_timeout = {};
  // A worker whose own memory has grown by more bytes than this since it was initialized is replaced, when it has done what it
  // does; looked at every 100 ms as long as it works. Absent: it may grow.
  std::optional<std::uint64_t> max_memory_growth{};
};

// Worker processes that run functions: multiprocessing's Pool, but that nothing hangs. A task goes to the worker that has the
// least to do, and does not wait behind a slow one while another worker is idle. When a worker's process dies, the task that it
// ran fails with WorkerDiedError, what it had not begun goes elsewhere, and it is replaced. Where a function is wanted, it is a
// template argument, apply<&f>(arguments…), or a lambda without captures, or fn<&f>, as the first argument. Errors of all verbs:
// PoolStateError after close() or terminate(); BrokenExecutorError; std::logic_error in a forked process. A task's own errors are
// in its result: what it threw, WorkerDiedError, SerializationError, CancelledError, PoolTerminated. Destroyed, it terminates and
// joins. Thread-safety: full, callbacks of results included.
class Pool {
 public:
  // Blocks: until each worker has been initialized. Errors: what the initializer throws, then none is left; StartError;
  // std::invalid_argument, which names the option.
  explicit Pool(Runtime& runtime, const PoolOptions& options = {});
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // One call of the function by one worker. Blocks: until it has ended.
  template <auto kFunction, class... Args>
  auto apply(Args&&... args) {
    return apply(fn<kFunction>, std::forward<Args>(args)...);
  }
  template <class F, class... Args>
  auto apply(F, Args&&... args) {
    detail::assert_is_function_value<F>();
    return detail::apply<F>(*crew_, std::forward<Args>(args)...);
  }
  // The same without blocking. Cancelled before a worker has begun with it, it never runs.
  template <auto kFunction, class... Args>
  auto apply_async(Args&&... args) {
    return apply_async(fn<kFunction>, std::forward<Args>(args)...);
  }
  template <class F, class... Args>
  auto apply_async(F, Args&&... args) {
    detail::assert_is_function_value<F>();
    return detail::apply_async<F>(*crew_, std::forward<Args>(args)...);
  }

  // The function of each item, in the items' order: std::vector<R>, or nothing where it gives nothing. Items go out in chunks of
  // `chunksize`, absent: so many that each worker gets four. All are run, even if one fails; then it fails with the error that
  // came first. Blocks: until all have ended. Errors: std::invalid_argument for a chunksize below 1.
  template <auto kFunction, class Range>
  auto map(Range&& items, std::optional<std::ptrdiff_t> chunksize = {}) {
    return map_async(fn<kFunction>, std::forward<Range>(items), chunksize).get();
  }
  template <class F, class Range>
  auto map(F f, Range&& items, std::optional<std::ptrdiff_t> chunksize = {}) {
    return map_async(f, std::forward<Range>(items), chunksize).get();
  }
  template <auto kFunction, class Range>
  auto map_async(Range&& items, std::optional<std::ptrdiff_t> chunksize = {}) {
    return map_async(fn<kFunction>, std::forward<Range>(items), chunksize);
  }
  template <class F, class Range>
  auto map_async(F, Range&& items, std::optional<std::ptrdiff_t> chunksize = {}) {
    detail::assert_is_function_value<F>();
    return detail::map_async<F>(*crew_, std::forward<Range>(items), chunksize);
  }

  // The same with items that are tuples (or pairs), of a function that takes their elements.
  template <auto kFunction, class Range>
  auto starmap(Range&& items, std::optional<std::ptrdiff_t> chunksize = {}) {
    return starmap_async(fn<kFunction>, std::forward<Range>(items), chunksize).get();
  }
  template <class F, class Range>
  auto starmap(F f, Range&& items, std::optional<std::ptrdiff_t> chunksize = {}) {
    return starmap_async(f, std::forward<Range>(items), chunksize).get();
  }
  template <auto kFunction, class Range>
  auto starmap_async(Range&& items, std::optional<std::ptrdiff_t> chunksize = {}) {
    return starmap_async(fn<kFunction>, std::forward<Range>(items), chunksize);
  }
  template <class F, class Range>
  auto starmap_async(F, Range&& items, std::optional<std::ptrdiff_t> chunksize = {}) {
    detail::assert_is_function_value<F>();
    return detail::map_async<detail::Starred<F>>(*crew_, std::forward<Range>(items), chunksize);
  }

  // A range of the results, in the items' order, or as they come: items are taken while it is gone through, no more than a window
  // ahead, so that there may be any number of them. An item's error is thrown in its place, and the range can be gone on with.
  template <auto kFunction, class Range>
  auto imap(Range&& items, std::ptrdiff_t chunksize = 1) {
    return imap(fn<kFunction>, std::forward<Range>(items), chunksize);
  }
  template <class F, class Range>
  auto imap(F, Range&& items, std::ptrdiff_t chunksize = 1) {
    detail::assert_is_function_value<F>();
    return detail::make_imap<F, detail::Order::of_items>(crew_, std::forward<Range>(items), chunksize);
  }
  template <auto kFunction, class Range>
  auto imap_unordered(Range&& items, std::ptrdiff_t chunksize = 1) {
    return imap_unordered(fn<kFunction>, std::forward<Range>(items), chunksize);
  }
  template <class F, class Range>
  auto imap_unordered(F, Range&& items, std::ptrdiff_t chunksize = 1) {
    detail::assert_is_function_value<F>();
    return detail::make_imap<F, detail::Order::of_arrival>(crew_, std::forward<Range>(items), chunksize);
  }

  // It takes nothing more; its workers end when all is done. Idempotent.
  void close() { crew_->close(); }
  // Its workers are killed; what is not done fails with PoolTerminated. Returns at once; from anywhere. Idempotent.
  void terminate() { crew_->terminate(); }
  // Blocks: until its workers' processes have ended. Errors: PoolStateError unless it is closed or terminated.
  void join() { crew_->join(); }

  // Calls f(const Progress&) while there is progress, in the thread of the callbacks; progress_bar(std::cerr) is one.
  template <class F>
  void on_progress(F f) {
    static_assert(std::is_invocable_v<F&, const Progress&>,
                  "troupe: on_progress takes a function that is called as f(const Progress&)");
    crew_->on_progress(std::make_shared<detail::ProgressCallbackOf<F>>(std::move(f)));
  }

  // From now on it wants so many workers: those that are missing are started, those that are too many end when they have done
  // what they do. Returns at once. Errors: std::invalid_argument for less than 1; PoolStateError, BrokenExecutorError.
  void resize(int processes);
  // How many it wants.
  std::size_t size() const { return crew_->size(); }
  // Of the workers' processes, as they are now.
  std::vector<int> pids() const { return crew_->pids(); }

 private:
  std::shared_ptr<detail::CallCrew> crew_;
};

}  // namespace troupe
