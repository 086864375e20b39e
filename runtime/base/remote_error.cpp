// SPDX-License-Identifier: BSL-1.0
#include <troupe/error.hpp>

#include <fmt/core.h>

#include <string_view>

namespace troupe {

namespace {

const char* advice(const RemoteError::Origin& origin) {
  if (origin.text == "(no text)") return "throw a class that derives from std::exception, whose what() would stand here";
  constexpr std::string_view kTroupe = "troupe::";
  const bool is_of_troupe =
      origin.type_name.starts_with(kTroupe) && origin.type_name.find("::", kTroupe.size()) == std::string::npos;
  return is_of_troupe ? "it speaks of what this actor asked of troupe, not of the call to it"
                      : "a class that TROUPE_EXCEPTION names is caught as itself";
}

}  // namespace

// Here, and not in the header: each type of exception that crosses derives from it.
RemoteError::RemoteError(const Origin& origin) : origin_(std::make_shared<const Origin>(origin)) {}
RemoteError::~RemoteError() = default;
RemoteError::RemoteError(const RemoteError&) noexcept = default;
RemoteError& RemoteError::operator=(const RemoteError&) noexcept = default;

std::string RemoteException::message_of(const Origin& origin) {
  const char* of = origin.method.empty() ? "" : " of ";
  const char* threw = origin.actor.empty() ? "" : " threw ";
  return fmt::format("{}{}{}{}{}: {}; {}", origin.method, of, origin.actor, threw, origin.type_name, origin.text, advice(origin));
}

std::string InitError::message_of(const Origin& origin) {
  return fmt::format("the constructor of {} threw {}: {}; {}", origin.actor, origin.type_name, origin.text, advice(origin));
}

}  // namespace troupe
