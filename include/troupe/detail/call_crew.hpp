// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/detail/crew.hpp>
#include <troupe/detail/link.hpp>
#include <troupe/detail/registry.hpp>
#include <troupe/options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace troupe {
class Runtime;
namespace client {
class Session;
}
}  // namespace troupe

namespace troupe::detail {

class CallTask;
class ResultCell;

// The actor that a worker is: it runs what it is told.
class PoolWorker {};

struct CrewOptions {
  int size = 0;                                   // at least 1
  const RegistrationNode* initializer = nullptr;  // what each worker runs first; null: nothing
  std::optional<std::uint64_t> tasks_per_life{};  // at least 1
  bool is_strict = false;                         // the first worker that dies ends all
  StartMethod start = StartMethod::forkserver;
  std::optional<std::chrono::nanoseconds> idle_timeout{};  // above 0; of workers
  std::optional<std::uint64_t> memory_growth{};            // bytes, at least 1; of a worker, since it was initialized
};

// Workers that are processes of their own; their tasks are calls. A task goes to the worker that has the fewest, of which each
// has a few more than it can run, so that it need not wait for the next one; what waits behind a slow task is taken back, and
// goes elsewhere. Of a worker that dies what it had not started goes elsewhere, what it had started fails, and it is replaced.
// Who submits sends, as long as a worker has room; the rest is done by a thread of the crew's own, which runs no code of the
// user's. Nothing here waits for callbacks.
class CallCrew : public Crew {
 public:
  // Blocks: until each worker has been initialized. Errors: what an initializer throws, or WorkerDiedError, and then none is
  // left; StartError; std::invalid_argument.
  static std::shared_ptr<CallCrew> start(std::shared_ptr<client::Session> session, const CrewOptions& options);

  // Takes over a reference on each. So many of their items were expected (expect()). Errors: PoolStateError when it takes nothing
  // more; BrokenExecutorError; std::logic_error in a forked child.
  virtual void submit(std::vector<CallTask*> tasks, std::size_t expected) = 0;

  // A worker that has nothing to do, for one call by the thread that asks, which it must give back; null: there is none.
  struct Lent {
    LinkHandle link{};
    std::uint32_t worker = 0;
    std::uint64_t life = 0;
  };
  virtual std::optional<Lent> borrow() = 0;
  // When the call has its outcome. True: it has not been done, for no fault of its own, and may be submitted. Errors: what the
  // call failed with, a worker's death as WorkerDiedError.
  virtual bool give_back(const Lent& lent, ResultCell& call) = 0;

  // Instead, when who borrowed it cannot wait any more.
  virtual void leave_lent(const Lent& lent) noexcept = 0;

  virtual std::vector<int> pids() const = 0;

 protected:
  friend class CallTask;
  // Where a task's call is over: in whichever thread reads its reply. Unless it has been answered, the task is the crew's again.
  virtual void note_over(CallTask& task, bool is_answered) noexcept = 0;
  virtual client::Session& session() const = 0;
};

}  // namespace troupe::detail
