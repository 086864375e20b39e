// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/local_work.hpp>
#include <troupe/pool_verbs.hpp>

#include <functional>
#include <optional>
#include <string>

namespace troupe {

struct ThreadPoolOptions {
  std::optional<int> threads{};              // absent: the processors that this process may use; Python's has up to 4 more
  std::function<void()> initializer{};       // run once by each thread, before its first task; several at a time
  std::optional<int> max_tasks_per_child{};  // then another thread takes its place; a chunk counts as one. Absent: never
  std::string thread_name_prefix{};          // they are called prefix_0, prefix_1..., in 15 bytes; empty: as their maker
};

// Threads of this process that run functions, with the verbs of Pool (PoolVerbs): a function is anything that can be called, and
// may capture. apply() and apply_async() move or copy it, and its arguments, into the task, as std::async does; the verbs for
// many items call one function, as a const one, in several threads at a time. Nothing is serialized, what is thrown is what
// arrives, and a crash is the program's. No Runtime is needed. Tasks begin in the order in which they were given.
//
// A task that waits for another one of its own pool, without a time-out, runs it itself where no thread has begun with it: so it
// never waits for a thread that it keeps busy. Where one of several is enough (wait() for the first, as_completed, when_any,
// imap_unordered), it runs one only if all threads of the pool wait for its tasks; else it might be one that blocks until this
// goes on. Where it waits for itself it gets WouldDeadlock. But one that waits for callbacks of results waits for one thread,
// which they share; and co_await in an io_context that a task runs does not run what it waits for, which needs another thread.
//
// No thread can be killed: terminate() asks what runs to stop (this_call().stop_token(), as AsyncResult::cancel does), its result
// is what it gives, and join() waits for it. Who calls terminate() runs the stop callbacks of what runs, and destroys what waits,
// captures included. Destroyed, the pool terminates, joins, and has run all callbacks; but destroyed by one of its own threads or
// callbacks it does not wait for that. A process that was forked from one that has used troupe can have none.
class ThreadPool : public PoolVerbs<detail::LocalWork> {
 public:
  // Blocks: until each thread has been initialized. Errors: what an initializer throws, then none is left; StartError;
  // std::invalid_argument, which names the option; std::logic_error in a forked process.
  explicit ThreadPool(const ThreadPoolOptions& options = {});
};

}  // namespace troupe
