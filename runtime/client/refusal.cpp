// SPDX-License-Identifier: BSL-1.0
#include "client/refusal.hpp"

#include <troupe/error.hpp>

#include <fmt/core.h>

#include <stdexcept>

#include "base/death_report.hpp"
#include "wire/exceptions.hpp"

namespace troupe::client {

namespace {

// The stack is for who asks for the cause.
std::exception_ptr actor_died(const std::string& text, DeathCause cause) {
  auto report = std::make_shared<detail::DeathReport>();
  report->complete(cause);
  cause.backtrace.clear();
  return std::make_exception_ptr(
      ActorDied(fmt::format("{}: {}; {}", text, "the actor has died", cause.text()), Execution::not_started, report));
}

}  // namespace

std::exception_ptr error_of(const wire::Failure& failure, const std::string& what) {
  const std::string text = what + ": " + failure.text;
  switch (failure.kind) {
    case wire::Refusal::start_failed:
      return std::make_exception_ptr(StartError(text));
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
