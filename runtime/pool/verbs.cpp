// SPDX-License-Identifier: BSL-1.0
// What the verbs of pools and executors do that is no template.
#include <troupe/error.hpp>
#include <troupe/executor_verbs.hpp>
#include <troupe/pool_verbs.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

#include "platform/fork_mark.hpp"

namespace troupe::detail {

namespace {

// In a forked child there are no workers, and the crew's threads do not exist: nothing of it is destroyed.
bool is_left_to_parent(std::shared_ptr<Crew>& crew) {
  if (!platform::is_forked_child()) return false;
  static auto* const left = new std::vector<std::shared_ptr<Crew>>;
  left->push_back(std::move(crew));
  return true;
}

ExecutorShutdownError after_shutdown() {
  return ExecutorShutdownError("the executor has been shut down, and takes nothing more; make another one");
}

}  // namespace

void end_pool(std::shared_ptr<Crew> crew) {
  if (is_left_to_parent(crew)) return;
  crew->terminate();
  if (crew->is_in_own_task()) return;
  crew->join();
  crew->on_progress(nullptr);  // what is told later is told nobody: ranges of results may outlive the pool
  crew->finish_callbacks();
}

void end_executor(std::shared_ptr<Crew> crew) {
  if (is_left_to_parent(crew)) return;
  const bool waits = !crew->is_in_own_task();
  shut_down(*crew, waits, false);
  if (!waits) return;
  crew->on_progress(nullptr);
  crew->finish_callbacks();
}

void shut_down(Crew& crew, bool wait, bool cancel_futures) {
  cancel_futures ? crew.cancel_waiting() : crew.close();
  if (wait) crew.join();
}

void refuse_after_shutdown() { throw after_shutdown(); }

std::exception_ptr end_of_submitting(std::exception_ptr error, bool is_of_executor) {
  if (!is_of_executor) return error;
  try {
    std::rethrow_exception(std::move(error));
  } catch (const PoolStateError&) {
    return std::make_exception_ptr(after_shutdown());
  } catch (...) {
    return std::current_exception();
  }
}

void refuse_to_wait_on(bool is_of_map) {
  throw TimeoutError(is_of_map ? "no result of map came within its time-out, which ends it: what no worker has begun with is "
                                 "cancelled"
                               : "no result of imap came within the time-out; the range goes on, and next() may be called again");
}

std::size_t checked_size(int workers) {
  if (workers < 1) throw std::invalid_argument(fmt::format("a pool of {} workers is none; it must be 1 or more", workers));
  return static_cast<std::size_t>(workers);
}

std::size_t checked_chunksize(std::ptrdiff_t chunksize) {
  if (chunksize < 1) throw std::invalid_argument(fmt::format("chunksize is {}; it must be 1 or more", chunksize));
  return static_cast<std::size_t>(chunksize);
}

std::size_t default_chunksize(std::size_t item_count, std::size_t worker_count) {
  const std::size_t chunks = 4 * worker_count;
  return std::max<std::size_t>(1, (item_count + chunks - 1) / chunks);
}

void give_up_unsent(Task& task) noexcept {
  task.fail(std::make_exception_ptr(CancelledError("another part of the work cannot be sent")));
  task.drop_reference();
}

}  // namespace troupe::detail
