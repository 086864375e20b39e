// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/async_result.hpp>
#include <troupe/detail/crew.hpp>
#include <troupe/detail/pool_imap.hpp>
#include <troupe/detail/pool_items.hpp>
#include <troupe/detail/zip.hpp>
#include <troupe/error.hpp>
#include <troupe/fn.hpp>
#include <troupe/timeout.hpp>

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace troupe {

struct MapOptions {
  Timeout timeout = {};          // for all of it, from the call
  std::ptrdiff_t chunksize = 1;  // items that go out together
};

namespace detail {

template <class T>
inline constexpr bool is_map_options = std::is_same_v<std::remove_cvref_t<T>, MapOptions>;

void shut_down(Crew& crew, bool wait, bool cancel_futures);
// Shuts it down, and waits where that can be. In a forked child there are no workers, and nothing is done.
void end_executor(std::shared_ptr<Crew> crew);
[[noreturn]] void refuse_after_shutdown();

}  // namespace detail

// What one can do with an executor, be it one of processes (ProcessPoolExecutor) or of threads (ThreadPoolExecutor). A future is
// an AsyncResult, and can be cancelled until a worker has begun with it. Errors: ExecutorShutdownError after shutdown();
// BrokenExecutorError; std::logic_error in a forked process. Destroyed, it shuts down, and waits for what is under way.
// Thread-safety: full, callbacks included.
template <class Work>
class ExecutorVerbs {
 public:
  ExecutorVerbs(const ExecutorVerbs&) = delete;
  ExecutorVerbs& operator=(const ExecutorVerbs&) = delete;

  // Has a worker call the function. Never blocks.
  template <auto kFunction, class... Args>
  auto submit(Args&&... args) {
    return submit(fn<kFunction>, std::forward<Args>(args)...);
  }
  template <class F, class... Args>
  auto submit(F&& f, Args&&... args) {
    Work::template assert_takes<std::decay_t<F>>();
    return unless_shut_down([&] { return Work::apply_async(*crew_, std::forward<F>(f), std::forward<Args>(args)...); });
  }

  // A range of f(one item of each range...), as long as the shortest, in order. Items are taken, and submitted, in the call: of
  // ranges that know their size the first 65536, of others a window of 64 chunks, or four for each worker where that is more. The
  // others follow while the results are gone through, so that there may be any number of them. What has been submitted is done
  // after shutdown(), too, and its results can be read; for what has not been, there is ExecutorShutdownError behind them. The
  // first error is thrown in its place and ends it, and cancels what no worker has begun with; so does
  // TimeoutError, when `timeout` has passed since the call. Errors: std::invalid_argument for a chunksize below 1.
  template <auto kFunction, class... Ranges>
  requires(!(detail::is_map_options<Ranges> || ...)) auto map(Ranges&&... ranges) {
    return map(MapOptions(), fn<kFunction>, std::forward<Ranges>(ranges)...);
  }
  template <auto kFunction, class... Ranges>
  auto map(const MapOptions& options, Ranges&&... ranges) {
    return map(options, fn<kFunction>, std::forward<Ranges>(ranges)...);
  }
  template <class F, class... Ranges>
  requires(!detail::is_map_options<F>) auto map(F&& f, Ranges&&... ranges) {
    return map(MapOptions(), std::forward<F>(f), std::forward<Ranges>(ranges)...);
  }
  template <class F, class... Ranges>
  auto map(const MapOptions& options, F&& f, Ranges&&... ranges) {
    static_assert(sizeof...(Ranges) > 0, "troupe: map needs a range, whose items it calls the function with");
    Work::template assert_takes<std::decay_t<F>>();
    using Function = detail::Starred<std::decay_t<F>>;
    using Items = detail::Zip<Ranges...>;
    const detail::ImapMode mode{detail::checked_chunksize(options.chunksize), true, options.timeout};
    return detail::make_imap<Work, Function, detail::Order::of_items>(
        crew_, typename Work::template Function<Function>(Function{std::forward<F>(f)}), Items(std::forward<Ranges>(ranges)...),
        mode);
  }

  // It takes nothing more; what it has been given is done, or cancelled where no worker has begun with it. Blocks: if `wait`,
  // until all has ended, and the workers, too. Idempotent. Errors: WouldDeadlock, if `wait`, in a task of its own threads.
  void shutdown(bool wait = true, bool cancel_futures = false) { detail::shut_down(*crew_, wait, cancel_futures); }

  std::size_t size() const { return crew_->size(); }

 protected:
  using Crew = typename Work::Crew;

  explicit ExecutorVerbs(std::shared_ptr<Crew> crew) : crew_(std::move(crew)) {}
  ~ExecutorVerbs() { detail::end_executor(crew_); }  // as PoolVerbs

  Crew& crew() const { return *crew_; }

 private:
  template <class Submit>
  static auto unless_shut_down(const Submit& submit) {
    try {
      return submit();
    } catch (const PoolStateError&) {
      detail::refuse_after_shutdown();
    }
  }

  std::shared_ptr<Crew> crew_;
};

}  // namespace troupe
