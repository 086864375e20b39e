// SPDX-License-Identifier: BSL-1.0
#include "told.hpp"

#include <algorithm>

namespace troupe::campaigns {

namespace {

constexpr long kMostFrames = 100;  // inlined functions included

void expect_backtrace(const DeathCause& cause, const std::string& function) {
  const auto frames = std::count(cause.backtrace.begin(), cause.backtrace.end(), '\n');
  expect(frames <= kMostFrames, "the backtrace has {} frames", frames);
  expect(cause.backtrace.empty() == function.empty() && cause.backtrace.find(function) != std::string::npos,
         "the backtrace does not show \"{}\": {}", function, cause.text());
}

}  // namespace

void expect_told(const Told& told, const Expected& expected) {
  expect(told.answer == expected.answer, "the answer is {} instead of {}: {}", text_of(told.answer), text_of(expected.answer),
         told.text);
  expect(!expected.execution || told.execution == *expected.execution, "the verdict is wrong: {}", told.text);
  expect(told.text.find(expected.text) != std::string::npos, "the error does not say \"{}\": {}", expected.text, told.text);
  const bool has_cause = told.answer == Answer::actor_died || told.answer == Answer::start_error;
  expect(!has_cause || told.cause.has_value() == expected.death.has_value(), "there is {}cause: {}", told.cause ? "a " : "no ",
         told.text);
  if (told.cause) expect_cause(*told.cause, *expected.death);
}

void expect_cause(const DeathCause& cause, const Death& death) {
  expect(cause.kind == death.kind && cause.signal == death.signal && cause.exit_code == death.exit_code,
         "kind {}, signal {}, exit code {} instead of {}, {}, {}: {}", static_cast<int>(cause.kind), cause.signal,
         cause.exit_code, static_cast<int>(death.kind), death.signal, death.exit_code, cause.text());
  expect((cause.fault_address != 0) == death.has_address, "the fault's address is {:#x}: {}", cause.fault_address, cause.text());
  expect(cause.method.empty() == death.method.empty() && cause.method.find(death.method) != std::string::npos,
         R"(the method is "{}" instead of "{}")", cause.method, death.method);
  expect(cause.detail.empty() == death.detail.empty() && cause.detail.starts_with(death.detail),
         R"(the detail is "{}" instead of "{}")", cause.detail, death.detail);
  expect(cause.incarnation == 1, "it says life {}", cause.incarnation);
  expect_backtrace(cause, death.function);
}

void expect_status(const std::optional<ExitStatus>& status, const Death& death) {
  expect(status && status->signal == death.signal && status->exit_code == death.exit_code,
         "the exit status has signal {}, exit code {}", status ? status->signal : -1, status ? status->exit_code : -1);
}

}  // namespace troupe::campaigns
