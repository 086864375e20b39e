// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/death.hpp>

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

// The root of what troupe throws. Each text names the actor, the method and the process where they are known, and what
// to do next. Thread-safety: values.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Not an Error: catching errors does not swallow a cancellation.
class CancelledError : public std::exception {
 public:
  explicit CancelledError(std::string text = "the call was cancelled")
      : text_(std::make_shared<const std::string>(std::move(text))) {}
  const char* what() const noexcept override { return text_->c_str(); }

 private:
  std::shared_ptr<const std::string> text_;
};

namespace detail {
class DeathReport;  // shared between the errors of one death; completed when the manager's report arrives
}

// The process of the actor ended before the call was answered.
class ActorDied : public Error {
 public:
  ActorDied(const std::string& text, Execution execution, std::shared_ptr<detail::DeathReport> report)
      : Error(text), execution_(execution), report_(std::move(report)) {}

  Execution execution() const { return execution_; }
  // Blocks: until the manager's report is complete, at most about two seconds; then what is known so far.
  DeathCause cause() const;

 private:
  Execution execution_;
  std::shared_ptr<detail::DeathReport> report_;
};

// An idempotent call that ran at several deaths of its actor in a row (RestartPolicy::poison_after). It is set aside, so that the
// calls behind it go on.
class PoisonMessage : public ActorDied {
 public:
  using Reports = std::vector<std::shared_ptr<detail::DeathReport>>;
  PoisonMessage(const std::string& text, Reports reports)
      : ActorDied(text, Execution::maybe, reports.back()), reports_(std::move(reports)) {}

  // Of each of those deaths, the first one first; cause() is the last one's. Blocks: as cause().
  std::vector<DeathCause> causes() const;

 private:
  Reports reports_;
};

// What an exception that was thrown in another process brings along. A mix-in, no std::exception itself: a
// std::out_of_range thrown in an actor is caught as std::out_of_range and as RemoteError.
class RemoteError {
 public:
  struct Origin {
    std::string type_name{};
    std::string text{};
    std::string backtrace{};
    std::string actor{};  // as texts name it, with its process
    int pid = 0;
    std::string method{};  // empty where it is not known, and for a constructor
  };

  explicit RemoteError(const Origin& origin);
  virtual ~RemoteError();
  RemoteError(const RemoteError&) noexcept;
  RemoteError& operator=(const RemoteError&) noexcept;

  const std::string& type_name() const { return origin_->type_name; }
  const std::string& text() const { return origin_->text; }
  const std::string& backtrace() const { return origin_->backtrace; }
  const std::string& actor() const { return origin_->actor; }
  int pid() const { return origin_->pid; }
  const std::string& method() const { return origin_->method; }

 private:
  std::shared_ptr<const Origin> origin_;
};

// An exception of a type that is not registered (TROUPE_EXCEPTION), or a troupe error that left an actor's method.
class RemoteException : public Error, public RemoteError {
 public:
  explicit RemoteException(const Origin& origin) : Error(message_of(origin)), RemoteError(origin) {}

 private:
  static std::string message_of(const Origin& origin);
};

// An actor's constructor threw something that has no codec of its own.
class InitError : public Error, public RemoteError {
 public:
  explicit InitError(const Origin& origin) : Error(message_of(origin)), RemoteError(origin) {}

 private:
  static std::string message_of(const Origin& origin);
};

// A process could not be started, or ended before it was ready.
class StartError : public Error {
 public:
  using Error::Error;
  StartError(const std::string& text, std::shared_ptr<detail::DeathReport> report) : Error(text), report_(std::move(report)) {}

  // Of an actor's process that died before the actor was there; where none did, DeathKind::start_failure and this error's text.
  DeathCause cause() const;

 private:
  std::shared_ptr<detail::DeathReport> report_{};
};

class TimeoutError : public Error {
 public:
  explicit TimeoutError(const std::string& text, Execution execution = Execution::maybe) : Error(text), execution_(execution) {}
  Execution execution() const { return execution_; }

 private:
  Execution execution_;
};

// Waiting for this result would never end: an actor's method waits for a call to its own actor, or for one that waits for it in
// turn, through however many others, and without a time-out. The call itself goes on.
class WouldDeadlock : public Error {
 public:
  using Error::Error;
};

// The bounded mailbox has no room, and its policy is WhenFull::fail.
class MailboxFull : public Error {
 public:
  using Error::Error;
};

class NoSuchActor : public Error {
 public:
  using Error::Error;
};

class DuplicateName : public Error {
 public:
  using Error::Error;
};

// The other side is another build, or lacks what was asked for.
class IncompatibleInterface : public Error {
 public:
  using Error::Error;
};

enum class Direction : std::uint8_t { argument, result };

// A value could not be turned into bytes, or bytes into a value, or they are too many.
class SerializationError : public Error {
 public:
  explicit SerializationError(const std::string& text, Direction direction = Direction::argument)
      : Error(text), direction_(direction) {}
  Direction direction() const { return direction_; }

 private:
  Direction direction_;
};

// Another process wrote what no honest peer writes. Only the channel to it is affected.
class ProtocolError : public Error {
 public:
  using Error::Error;
};

class ManagerDied : public Error {
 public:
  explicit ManagerDied(const std::string& text, Execution execution = Execution::maybe) : Error(text), execution_(execution) {}
  Execution execution() const { return execution_; }

 private:
  Execution execution_;
};

class RuntimeStopped : public Error {
 public:
  using Error::Error;
};

class AuthenticationError : public Error {
 public:
  using Error::Error;
};

class ResultNotReady : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

class InvalidState : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// A pool is used in a state that does not allow it: after close() or terminate(), or join() before either.
class PoolStateError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// An executor that has been shut down takes nothing more.
class ExecutorShutdownError : public PoolStateError {
 public:
  using PoolStateError::PoolStateError;
};

// A pool or executor cannot go on: its workers cannot be started, or it is strict, and one of them died.
class BrokenExecutorError : public Error {
 public:
  using Error::Error;
};

// What a pool or executor had to do when it was terminated, and had not done.
class PoolTerminated : public BrokenExecutorError {
 public:
  explicit PoolTerminated(const std::string& text, Execution execution = Execution::not_started)
      : BrokenExecutorError(text), execution_(execution) {}
  Execution execution() const { return execution_; }

 private:
  Execution execution_;
};

namespace detail {
class WorkerDeathText;
}

// The process of a pool's worker ended while it was doing this. Items that go out together (chunksize) fail together: execution()
// is that of all of them, and `maybe` though those behind the one that ran had not begun.
class WorkerDiedError : public BrokenExecutorError {
 public:
  // `whose`: the beginning of its text, as in "a worker of the pool".
  WorkerDiedError(const std::string& whose, int pid, const ActorDied& death);

  // With how the process ended. Blocks: as cause(), until that is known.
  const char* what() const noexcept override;
  int pid() const { return pid_; }
  Execution execution() const { return death_.execution(); }
  // Blocks: as ActorDied::cause().
  DeathCause cause() const { return death_.cause(); }

 private:
  int pid_;
  ActorDied death_;
  std::shared_ptr<detail::WorkerDeathText> text_;
};

// A lock, semaphore or condition was released or waited for by who does not hold it.
class LockStateError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// More was reported done to a queue than was taken out of it.
class TaskDoneUnderflow : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// The barrier was broken while somebody waited, or before.
class BrokenBarrierError : public Error {
 public:
  using Error::Error;
};

// Nothing can be put into a queue that was shut down, and nothing be taken out of it once it is empty.
class QueueShutDown : public Error {
 public:
  using Error::Error;
};

}  // namespace troupe

#include <troupe/detail/exception_registry.hpp>

// TROUPE_EXCEPTION(MyError, other::Error);
// An exception of one of these types that leaves an actor's method is caught at the caller as that type and as RemoteError, with
// the same what(). In any namespace, in a header, more than once. The types: not final (nor their what()), copyable,
// constructible from std::string; matched exactly, so a derived class wants its own.
#define TROUPE_EXCEPTION(...) TROUPE_DETAIL_EXCEPTION_AT(__COUNTER__, __VA_ARGS__)
