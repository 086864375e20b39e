// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/troupe.hpp>

#include <optional>
#include <string>

#include "campaign.hpp"
#include "fates.hpp"

namespace troupe::campaigns {

// What whoever asked for harm was told.
struct Told {
  Answer answer = Answer::value;
  Execution execution = Execution::done;  // where the error says so
  std::string text{};                     // the error's
  std::optional<DeathCause> cause{};      // likewise
};

// Runs `f`, which throws what it is told. Errors: whatever no cell of the matrix expects is passed on.
template <class F>
Told told_by(F f) {
  try {
    f();
  } catch (const ActorDied& error) {
    return {Answer::actor_died, error.execution(), error.what(), error.cause()};
  } catch (const TimeoutError& error) {
    return {Answer::timed_out, error.execution(), error.what(), {}};
  } catch (const SerializationError& error) {
    return {Answer::serialization_error, {}, error.what(), {}};
  } catch (const StartError& error) {
    const DeathCause cause = error.cause();
    const bool had_process = cause.kind != DeathKind::start_failure || cause.signal != 0;
    return {Answer::start_error, {}, error.what(), had_process ? std::optional(cause) : std::nullopt};
  } catch (const RemoteError& error) {
    expect(error.text() == kHarmThrown, "an exception says \"{}\"", error.text());
    return {Answer::own_exception, {}, error.text(), {}};
  }
  return {};
}

// Errors: Broken, with what is told instead.
void expect_told(const Told& told, const Expected& expected);
void expect_cause(const DeathCause& cause, const Death& death);
void expect_status(const std::optional<ExitStatus>& status, const Death& death);

}  // namespace troupe::campaigns
