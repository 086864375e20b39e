// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/error.hpp>

#include <exception>
#include <string>
#include <variant>

#include "wire/control.hpp"

namespace troupe::client {

// The error that a refusal of the manager's becomes for the user who asked for `what`.
std::exception_ptr error_of(const wire::Failure& failure, const std::string& what);
// The same for a spawn, where an actor that died never was one: StartError.
std::exception_ptr spawn_error_of(const wire::Failure& failure, const std::string& what);

// What the manager says, as the answer that it has to be. Errors: ProtocolError for another one.
template <class Answer>
Answer& answer_in(wire::ToClient& message) {
  if (auto* answer = std::get_if<Answer>(&message)) return *answer;
  throw ProtocolError("the manager answers something else than it was asked");
}

// Inside a catch block: what is being handled; a SerializationError's text begins with `what`.
std::exception_ptr current_error_of(const std::string& what);

}  // namespace troupe::client
