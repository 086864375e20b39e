// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>
#include <troupe/detail/call_crew.hpp>
#include <troupe/detail/pool_imap.hpp>
#include <troupe/detail/pool_map.hpp>
#include <troupe/detail/zip.hpp>
#include <troupe/error.hpp>
#include <troupe/options.hpp>
#include <troupe/pool.hpp>
#include <troupe/runtime.hpp>
#include <troupe/timeout.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace troupe {

struct ExecutorOptions {
  std::optional<int> max_workers{};            // absent: the processors that this process may use (affinity, cgroup)
  detail::WorkerInitializer initializer = {};  // as PoolOptions'
  std::optional<int> max_tasks_per_child{};    // likewise
  bool strict = false;                         // the first worker that dies breaks the executor
  StartMethod start = StartMethod::forkserver;
  Timeout idle_timeout = {};                         // as PoolOptions'
  std::optional<std::uint64_t> max_memory_growth{};  // likewise
};

struct MapOptions {
  Timeout timeout = {};          // for all of it, from the call
  std::ptrdiff_t chunksize = 1;  // items that go out together
};

// concurrent.futures' ProcessPoolExecutor, over the workers of a Pool (which see, also for the functions that it takes). A future
// is an AsyncResult, and can be cancelled until a worker has begun with it. A worker that dies fails its own task
// (WorkerDiedError), and is replaced. Errors: ExecutorShutdownError after shutdown(); BrokenExecutorError; std::logic_error in a
// forked process. Destroyed, it shuts down, and waits for what is under way. Thread-safety: full, callbacks included.
class ProcessPoolExecutor {
 public:
  // Blocks, errors: as Pool's.
  explicit ProcessPoolExecutor(Runtime& runtime, const ExecutorOptions& options = {});
  ~ProcessPoolExecutor();
  ProcessPoolExecutor(const ProcessPoolExecutor&) = delete;
  ProcessPoolExecutor& operator=(const ProcessPoolExecutor&) = delete;

  // Has a worker call the function. Never blocks.
  template <auto kFunction, class... Args>
  auto submit(Args&&... args) {
    return submit(fn<kFunction>, std::forward<Args>(args)...);
  }
  template <class F, class... Args>
  auto submit(F, Args&&... args) {
    detail::assert_is_function_value<F>();
    return unless_shut_down([&] { return detail::apply_async<F>(*crew_, std::forward<Args>(args)...); });
  }

  // A range of f(one item of each range...), as long as the shortest, in order. Items are taken while it is gone through, no more
  // than a window ahead. The first error is thrown in its place and ends it, and cancels what no worker has begun with; so does
  // TimeoutError, when `timeout` has passed since the call. Errors: std::invalid_argument for a chunksize below 1.
  template <auto kFunction, class... Ranges>
  auto map(Ranges&&... ranges) {
    return map(MapOptions(), fn<kFunction>, std::forward<Ranges>(ranges)...);
  }
  template <auto kFunction, class... Ranges>
  auto map(const MapOptions& options, Ranges&&... ranges) {
    return map(options, fn<kFunction>, std::forward<Ranges>(ranges)...);
  }
  template <class F, class... Ranges>
  requires std::is_empty_v<F>
  auto map(F f, Ranges&&... ranges) { return map(MapOptions(), f, std::forward<Ranges>(ranges)...); }
  template <class F, class... Ranges>
  requires std::is_empty_v<F>
  auto map(const MapOptions& options, F, Ranges&&... ranges) {
    static_assert(sizeof...(Ranges) > 0, "troupe: map needs a range, whose items it calls the function with");
    detail::assert_is_function_value<F>();
    using Items = detail::Zip<Ranges...>;
    detail::assert_maps<detail::Starred<F>, typename Items::value_type>();
    const detail::ImapMode mode{detail::checked_chunksize(options.chunksize), true, options.timeout};
    return PoolResults<detail::Starred<F>, Items, detail::Order::of_items>(crew_, Items(std::forward<Ranges>(ranges)...), mode);
  }

  // It takes nothing more; what it has been given is done, or cancelled where no worker has begun with it. Blocks: if `wait`,
  // until all has ended, and the workers' processes, too. Idempotent.
  void shutdown(bool wait = true, bool cancel_futures = false);
  // The same without waiting, and with what is under way: that fails with PoolTerminated (a BrokenExecutorError). The workers get
  // SIGKILL in both cases: a task that has been given up has nothing to tidy.
  void terminate_workers() { kill_workers(); }
  void kill_workers();

  std::size_t size() const { return crew_->size(); }
  std::vector<int> pids() const { return crew_->pids(); }

 private:
  template <class Submit>
  static auto unless_shut_down(const Submit& submit) {
    try {
      return submit();
    } catch (const PoolStateError&) {
      shut_down();
    }
  }
  [[noreturn]] static void shut_down();

  std::shared_ptr<detail::CallCrew> crew_;
};

}  // namespace troupe
