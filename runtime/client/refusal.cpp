// SPDX-License-Identifier: BSL-1.0
#include "client/refusal.hpp"

#include <troupe/error.hpp>

#include <fmt/core.h>

#include <stdexcept>

#include "base/death_report.hpp"
#include "wire/exceptions.hpp"

namespace troupe::client {

namespace {

std::shared_ptr<detail::DeathReport> report_on(const DeathCause& cause) {
  auto report = std::make_shared<detail::DeathReport>();
  report->complete(cause);
  return report;
}

// The stack is for who asks for the cause.
std::string text_without_stack(DeathCause cause) {
  cause.backtrace.clear();
  return cause.text();
}

std::exception_ptr actor_died(const std::string& text, const DeathCause& cause) {
  return std::make_exception_ptr(ActorDied(fmt::format("{}: {}; {}", text, "the actor has died", text_without_stack(cause)),
                                           Execution::not_started, report_on(cause)));
}

// Of a process that took its role the cause says more than the manager's text.
std::exception_ptr start_error(const std::string& text, const wire::Failure& failure) {
  const DeathCause& cause = failure.cause;
  if (cause.kind == DeathKind::unknown) return std::make_exception_ptr(StartError(text));
  const bool had_role = failure.kind == wire::Refusal::actor_died;
  return std::make_exception_ptr(StartError(had_role ? text + "; " + text_without_stack(cause) : text, report_on(cause)));
}

}  // namespace

std::exception_ptr spawn_error_of(const wire::Failure& failure, const std::string& what) {
  if (failure.kind == wire::Refusal::actor_died) return start_error(what + ": " + failure.text, failure);
  return error_of(failure, what);
}

std::exception_ptr error_of(const wire::Failure& failure, const std::string& what) {
  const std::string text = what + ": " + failure.text;
  switch (failure.kind) {
    case wire::Refusal::start_failed:
      return start_error(text, failure);
    case wire::Refusal::constructor_threw:
      return wire::decode_exception(failure.exception, {what}, true);
    case wire::Refusal::duplicate_name:
      return std::make_exception_ptr(DuplicateName(text));
    case wire::Refusal::no_such_actor:
      return std::make_exception_ptr(NoSuchActor(text));
    case wire::Refusal::incompatible:
      return std::make_exception_ptr(IncompatibleInterface(text));
    case wire::Refusal::undecodable:
      return std::make_exception_ptr(SerializationError(text));
    case wire::Refusal::actor_died:
      return actor_died(text, failure.cause);
    case wire::Refusal::stopped:
      return std::make_exception_ptr(RuntimeStopped(text));
    case wire::Refusal::no_memory:
      return std::make_exception_ptr(Error(text));
    case wire::Refusal::bad_options:
      return std::make_exception_ptr(std::invalid_argument(text));
    case wire::Refusal::protocol:
      break;
  }
  return std::make_exception_ptr(ProtocolError(text));
}

std::exception_ptr current_error_of(const std::string& what) {
  try {
    throw;
  } catch (const SerializationError& error) {
    return std::make_exception_ptr(SerializationError(fmt::format("{}: {}", what, error.what()), error.direction()));
  } catch (...) {
    return std::current_exception();
  }
}

}  // namespace troupe::client
