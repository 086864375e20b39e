// SPDX-License-Identifier: BSL-1.0
#include "pool/crew_errors.hpp"

#include <fmt/core.h>

#include <memory>
#include <stdexcept>
#include <utility>

#include "platform/fork_mark.hpp"

namespace troupe::pool {

namespace {

constexpr const char* kWithoutWorkers = "the pool is broken: its workers cannot be started any more";

class WithoutWorkers final : public BrokenExecutorError {
 public:
  explicit WithoutWorkers(std::exception_ptr why) : BrokenExecutorError(kWithoutWorkers), why_(std::move(why)) {}

  const char* what() const noexcept override try {
    return said_->say(fmt::format("{}: {}", kWithoutWorkers, text_of(why_)));
  } catch (const std::exception&) {  // no memory
    return BrokenExecutorError::what();
  }

 private:
  std::exception_ptr why_;
  std::shared_ptr<SaidTexts> said_ = std::make_shared<SaidTexts>();
};

}  // namespace

void check_process() {
  if (platform::is_forked_child())
    throw std::logic_error(
        "troupe: a pool is used in a process that was forked from the one that made it; only that one may use it");
}

void refuse_more() { throw PoolStateError("the pool has been closed or terminated, and takes nothing more; make another one"); }

void refuse_to_join() {
  throw PoolStateError("the pool still runs, so that join() would wait for ever; close() or terminate() it first");
}

std::string worker_with(std::size_t item_count) {
  if (item_count == 1) return "a worker of the pool";
  return fmt::format("a worker of the pool with {} items, of which it is not known how many it had begun with,", item_count);
}

std::exception_ptr cancelled_before_begun() {
  return std::make_exception_ptr(CancelledError("the task was cancelled before a worker had begun with it"));
}

std::exception_ptr cancelled_by_shutdown() {
  return std::make_exception_ptr(CancelledError("the executor was shut down before a worker had begun with it"));
}

std::exception_ptr terminated(Execution execution) {
  return std::make_exception_ptr(PoolTerminated(execution == Execution::not_started
                                                    ? "the pool was terminated before a worker had begun with it"
                                                    : "the pool was terminated while a worker was doing it",
                                                execution));
}

std::string text_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& thrown) {
    return thrown.what();
  } catch (...) {
    return "an exception of an unknown type";
  }
}

std::exception_ptr broken(const std::string& why) {
  return std::make_exception_ptr(BrokenExecutorError("the pool is broken: " + why));
}

std::exception_ptr without_workers(const std::exception_ptr& why) { return std::make_exception_ptr(WithoutWorkers(why)); }

}  // namespace troupe::pool
