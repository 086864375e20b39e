// SPDX-License-Identifier: BSL-1.0
#include <troupe/error.hpp>
#include <troupe/testing/death_outcome.hpp>

#include <fmt/core.h>

#include <exception>
#include <string>

#include "base/exit_text.hpp"
#include "host/thrown.hpp"

namespace troupe::testing {

namespace {

std::string text_of(DeathKind kind) {
  if (kind == DeathKind::signal) return "killed by a signal";
  if (kind == DeathKind::exit_code) return "exited with a code";
  DeathCause cause;
  cause.kind = kind;
  return cause.text();
}

// A program waits for a report for so long only; a test waits until it is there, on a machine that is short of time, too.
DeathCause complete_cause(const ActorDied& died) {
  constexpr int kAttempts = 30;  // of two seconds
  DeathCause cause = died.cause();
  for (int i = 1; cause.kind == DeathKind::unknown && i < kAttempts; ++i) cause = died.cause();
  return cause;
}

// And not: there was no process.
bool has_died(const DeathCause& cause) {
  return cause.kind != DeathKind::unknown && (cause.kind != DeathKind::start_failure || cause.signal != 0);
}

// Inside a catch block. One from an actor is told as it was there.
std::string thrown_text() {
  try {
    throw;
  } catch (const RemoteError& remote) {
    return fmt::format("{}: {} (in {})", remote.type_name(), remote.text(), remote.actor());
  } catch (...) {
    return host::describe(std::current_exception());
  }
}

}  // namespace

CauseMatcher DiedOf(int signal) {
  return {troupe::detail::signal_text(signal), [signal](const DeathCause& cause) { return cause.signal == signal; }};
}

CauseMatcher DiedOf(DeathKind kind) {
  return {fmt::format("\"{}\"", text_of(kind)), [kind](const DeathCause& cause) { return cause.kind == kind; }};
}

CauseMatcher ExitedWith(int code) {
  return {fmt::format("an exit with code {}", code),
          [code](const DeathCause& cause) { return cause.kind == DeathKind::exit_code && cause.exit_code == code; }};
}

namespace detail {

Outcome outcome_of_normal_end() {
  return {std::nullopt,
          "the statement ended, and no actor had died. (A call has not failed before its result is read: call<…>(…).get().)"};
}

Outcome outcome_of_exception() {
  const std::string other = "no actor died; it threw " + thrown_text();
  try {
    throw;
  } catch (const ActorDied& died) {
    return {complete_cause(died), {}};
  } catch (const StartError& error) {
    const DeathCause cause = error.cause();
    return has_died(cause) ? Outcome{cause, {}} : Outcome{std::nullopt, other};
  } catch (...) {
    return {std::nullopt, other};
  }
}

}  // namespace detail

}  // namespace troupe::testing
