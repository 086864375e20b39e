// SPDX-License-Identifier: BSL-1.0
// How a death reaches the user: with names in its backtrace. That is slow, so it is done for who looks (by cause(), or with a
// callback that is given the Down), in the thread that looks; and only programs that do carry the code for it.
#include <troupe/actor_info.hpp>
#include <troupe/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/death_report.hpp"
#include "platform/core_file.hpp"
#include "platform/symbols.hpp"

namespace troupe {

namespace {

DeathCause cause_in(const std::shared_ptr<detail::DeathReport>& report) {
  return report != nullptr ? detail::with_symbols(report->wait(std::chrono::seconds(2))) : DeathCause();
}

}  // namespace

DeathCause ActorDied::cause() const { return cause_in(report_); }

DeathCause StartError::cause() const { return cause_in(report_); }

std::vector<DeathCause> PoisonMessage::causes() const {
  std::vector<DeathCause> causes;
  for (const auto& report : reports_) causes.push_back(cause_in(report));
  return causes;
}

namespace {

// The function of a line "#3  void Parser::read<int>(int) at …", without its arguments.
std::string_view function_in(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of("#0123456789 "), line.size()));
  return line.substr(0, line.find_first_of("<("));
}

// What calls a method, and what calls a callback.
bool is_the_runtimes(std::string_view function) {
  return function.find("troupe::host::") != std::string_view::npos || function == "troupe::client::run_reporting";
}

// What lies between them. Some names no demangler knows.
bool is_in_between(std::string_view function) {
  return function.find("troupe::detail::") != std::string_view::npos || function.find("std::") != std::string_view::npos ||
         function.starts_with("_ZSt") || function.starts_with("_ZZN6troupe6detail") || function.starts_with("_ZN6troupe6detail");
}

// As people write it.
std::string with_short_names(std::string text) {
  constexpr std::string_view kLong = "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >";
  for (auto at = text.find(kLong); at != std::string::npos; at = text.find(kLong, at))
    text.replace(at, kLong.size(), "std::string");
  return text;
}

// What a recursion leaves reads better so.
std::string without_repetitions(std::string_view backtrace) {
  std::string text;
  std::string_view last;
  int more = 0;
  const auto tell_how_many = [&] {
    if (more != 0) text += fmt::format("    and {} more of these\n", std::exchange(more, 0));
  };
  for (std::size_t begin = 0, end = 0; begin < backtrace.size(); begin = end + 1) {
    end = std::min(backtrace.find('\n', begin), backtrace.size());
    const std::string_view line = backtrace.substr(begin, end - begin);
    const std::string_view what = line.substr(std::min(line.find_first_not_of("#0123456789 "), line.size()));
    if (what == last && !what.empty()) {
      ++more;
      continue;
    }
    tell_how_many();
    (text += line) += '\n';
    last = what;
  }
  tell_how_many();
  if (!text.empty()) text.pop_back();
  return text;
}

// Only what the user has written, and what that has called: how the runtime came to call it is the same each time.
std::string without_the_runtimes(std::string backtrace) {
  std::vector<std::size_t> ends;  // of the lines
  std::size_t kept = 0;
  bool has_runtime = false;
  for (std::size_t begin = 0; begin < backtrace.size() && !has_runtime; begin = ends.back() + 1) {
    ends.push_back(std::min(backtrace.find('\n', begin), backtrace.size()));
    const std::string_view function = function_in(std::string_view(backtrace).substr(begin, ends.back() - begin));
    has_runtime = is_the_runtimes(function);
    if (!has_runtime && !is_in_between(function)) kept = ends.size();
  }
  if (has_runtime && kept != 0) backtrace.resize(ends[kept - 1]);
  return backtrace;
}

// Without memory for names the addresses have to do.
void name_frames(std::string& backtrace) {
  if (backtrace.empty()) return;
  try {
    backtrace = without_repetitions(with_short_names(without_the_runtimes(platform::with_symbols(backtrace))));
  } catch (const std::exception&) {
  }
}

// Here and not in the manager: a file system that hangs is its user's concern only. Without memory it is not looked for.
void find_core(DeathCause& cause) try {
  if (cause.core.pid == 0) return;
  const detail::CoreToFind core = std::exchange(cause.core, {});
  auto found = platform::find_core({core.pid, core.signal, core.directory, core.not_before, core.not_after});
  cause.core_path = std::move(found.path);
  if (found.remark.empty()) return;
  if (!cause.detail.empty()) cause.detail += "; ";
  cause.detail += found.remark;
} catch (const std::exception&) {
}

}  // namespace

namespace detail {

DeathCause with_symbols(DeathCause cause) {
  name_frames(cause.backtrace);
  find_core(cause);
  return cause;
}

Down with_symbols(Down down) {
  down.cause = with_symbols(std::move(down.cause));
  return down;
}

RuntimeEvent with_symbols(RuntimeEvent event) {
  if (auto* down = std::get_if<Down>(&event)) *down = with_symbols(std::move(*down));
  if (auto* given_up = std::get_if<GaveUp>(&event)) given_up->first_cause = with_symbols(std::move(given_up->first_cause));
  if (auto* hung = std::get_if<Unresponsive>(&event)) name_frames(hung->backtrace);
  if (auto* group = std::get_if<GroupGaveUp>(&event)) group->first_cause = with_symbols(std::move(group->first_cause));
  return event;
}

}  // namespace detail

}  // namespace troupe
