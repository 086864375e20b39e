// SPDX-License-Identifier: BSL-1.0
#include <troupe/error.hpp>

#include <string_view>

namespace troupe {

namespace {

std::string thrown_text(const RemoteError::Origin& origin) {
  constexpr std::string_view kTroupe = "troupe::";
  const bool is_of_troupe =
      origin.type_name.starts_with(kTroupe) && origin.type_name.find("::", kTroupe.size()) == std::string::npos;
  return origin.type_name + ": " + origin.text +
         (is_of_troupe ? "; it speaks of what this actor asked of troupe, not of the call to it"
                       : "; a class that TROUPE_EXCEPTION names is caught as itself");
}

}  // namespace

std::string RemoteException::message_of(const Origin& origin) {
  if (origin.actor.empty()) return thrown_text(origin);
  return (origin.method.empty() ? origin.actor : origin.method + " of " + origin.actor) + " threw " + thrown_text(origin);
}

std::string InitError::message_of(const Origin& origin) {
  return "the constructor of " + origin.actor + " threw " + thrown_text(origin);
}

}  // namespace troupe
