// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <troupe/death.hpp>

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

// What actor_death.hpp needs that is no matter of GoogleTest's.
namespace troupe::testing {

// A matcher on DeathCause.
class CauseMatcher {
 public:
  using is_gtest_matcher = void;

  // `wanted`: for people, behind "a death whose cause is".
  CauseMatcher(std::string wanted, std::function<bool(const DeathCause&)> is_wanted)
      : wanted_(std::move(wanted)), is_wanted_(std::move(is_wanted)) {}

  bool MatchAndExplain(const DeathCause& cause, std::ostream*) const { return is_wanted_(cause); }
  void DescribeTo(std::ostream* out) const { *out << "is " << wanted_; }
  void DescribeNegationTo(std::ostream* out) const { *out << "is not " << wanted_; }

 private:
  std::string wanted_;
  std::function<bool(const DeathCause&)> is_wanted_;
};

// It was ended by this signal, whoever sent it.
CauseMatcher DiedOf(int signal);
CauseMatcher DiedOf(DeathKind kind);
// exit(code), _exit(code), or the end of main, without having been asked to stop.
CauseMatcher ExitedWith(int code);

namespace detail {

struct Outcome {
  std::optional<DeathCause> cause{};  // none: no actor died
  std::string instead{};              // then: what happened
};

// Inside a catch block.
Outcome outcome_of_exception();
Outcome outcome_of_normal_end();

}  // namespace detail

}  // namespace troupe::testing
