// SPDX-License-Identifier: BSL-1.0
#include <troupe/death.hpp>

#include <fmt/core.h>

#include "base/exit_text.hpp"

namespace troupe {

namespace {

std::string headline(const DeathCause& cause) {
  switch (cause.kind) {
    case DeathKind::unknown:
      return cause.detail.empty() ? "how it ended has not been reported yet" : "how it ended is not known";
    case DeathKind::signal:
      return "killed by " + detail::signal_text(cause.signal);
    case DeathKind::exit_code:
      return fmt::format("exited with code {}", cause.exit_code);
    case DeathKind::stopped:
      return "stopped as it was asked to";
    case DeathKind::killed_by_us:
      return "killed by troupe on request";
    case DeathKind::uncaught_at_start:
      return "its constructor threw";
    case DeathKind::parent_gone:
      return "ended because whoever it belonged to ended";
    case DeathKind::protocol_violation:
      return "ended because it broke the protocol";
    case DeathKind::start_failure:
      return "it never came up";
    case DeathKind::out_of_memory:
      return "out of memory";
    case DeathKind::out_of_cpu_time:
      return "out of processor time";
    case DeathKind::hung:
      return "killed because it hung";
    case DeathKind::linked:
      return "stopped because an actor that it was linked to ended";
  }
  return "ended";
}

std::string usage_text(const ResourceUsage& usage) {
  constexpr double kMicroseconds = 1e6;
  constexpr double kMebibyte = 1024.0 * 1024.0;
  return fmt::format("it had used {:.2f} s of processor time ({:.2f} s in the system) and at most {:.1f} MiB of memory",
                     static_cast<double>(usage.user_time_us + usage.system_time_us) / kMicroseconds,
                     static_cast<double>(usage.system_time_us) / kMicroseconds,
                     static_cast<double>(usage.max_resident_bytes) / kMebibyte);
}

std::string span_text(std::chrono::nanoseconds span) {
  constexpr double kMillisecond = 1e6;
  constexpr double kSecond = 1e9;
  const auto nanoseconds = static_cast<double>(span.count());
  return span < std::chrono::seconds(1) ? fmt::format("{:.0f} ms", nanoseconds / kMillisecond)
                                        : fmt::format("{:.1f} s", nanoseconds / kSecond);
}

}  // namespace

std::string DeathCause::text() const {
  std::string text = headline(*this);
  if (fault_address != 0) text += fmt::format(" at address {:#x}", fault_address);
  if (fault_address == 0 && has_fault_address) text += " at address 0 (a null pointer)";
  if (!method.empty()) text += ' ' + detail::text_of_running(method);
  if (!method.empty() && method_time.count() > 0) text += ", for " + span_text(method_time);
  if (incarnation > 1) text += fmt::format(", in its life number {}", incarnation);
  if (!detail.empty()) text += "; " + detail;
  if (resource_usage.max_resident_bytes != 0) text += "; " + usage_text(resource_usage);
  if (!core_path.empty()) text += "; its core file is " + core_path;
  if (!backtrace.empty()) text += "\nbacktrace:\n" + backtrace;
  if (!stderr_tail.empty()) text += "\nlast lines of its stderr:";
  for (const std::string& line : stderr_tail) text += "\n  | " + line;
  return text;
}

}  // namespace troupe
