// SPDX-License-Identifier: BSL-1.0
// How a death reaches the user: with names in its backtrace. That is slow, so it is done for who looks (by cause(), in a list of
// actors, or with a callback that is given the Down), in the thread that looks; and only programs that do carry the code for it.
#include <troupe/actor_info.hpp>
#include <troupe/error.hpp>
#include <troupe/group.hpp>
#include <troupe/runtime.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <exception>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/death_report.hpp"
#include "client/session.hpp"
#include "platform/core_file.hpp"
#include "platform/symbols.hpp"

namespace troupe {

namespace {

DeathCause cause_in(const std::shared_ptr<detail::DeathReport>& report) {
  return report != nullptr ? detail::with_symbols(report->wait(std::chrono::seconds(2))) : DeathCause();
}

}  // namespace

DeathCause ActorDied::cause() const { return cause_in(report_); }

// Where nothing died, or nothing more will be told of it, the error's text is all there is.
DeathCause StartError::cause() const {
  if (report_ != nullptr) return cause_in(report_);
  DeathCause cause;
  cause.kind = DeathKind::start_failure;
  cause.detail = what();
  return cause;
}

std::vector<DeathCause> PoisonMessage::causes() const {
  std::vector<DeathCause> causes;
  for (const auto& report : reports_) causes.push_back(cause_in(report));
  return causes;
}

namespace {

// Where the name of a function ends, of whose text `at` is a bracket at the outermost level: behind "(anonymous namespace)" and
// "decltype(…)" more of it may follow.
bool ends_name(std::string_view text, std::size_t at) {
  return text[at] == '(' && !text.substr(at).starts_with("(anonymous namespace)") && !text.substr(0, at).ends_with("decltype");
}

// The function of a line "#3  void Parser::read<int>(int) at …", without what it returns and takes: "Parser::read<int>". Of an
// operator its symbol is left out.
std::string_view function_in(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of("#0123456789 "), line.size()));
  line = line.substr(0, std::min(line.find(" at "), line.find(" in ")));
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (depth == 0 && line.substr(at).starts_with("operator")) return line.substr(begin, at - begin);
    if (depth == 0 && ends_name(line, at)) return line.substr(begin, at - begin);
    if (depth == 0 && line[at] == ' ') begin = at + 1;
    if (constexpr std::string_view kOpening = "<({"; kOpening.find(line[at]) != kOpening.npos) ++depth;
    if (constexpr std::string_view kClosing = ">)}"; kClosing.find(line[at]) != kClosing.npos) --depth;
  }
  return line.substr(begin);
}

// Of "#3  function at source:7".
std::string_view source_in(std::string_view line) {
  const auto at = line.find(" at ");
  return at == std::string_view::npos ? std::string_view() : line.substr(at);
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// What calls a method, and what calls a callback.
bool is_the_runtimes(std::string_view line) {
  const std::string_view function = function_in(line);
  return function.starts_with("troupe::host::") || function.starts_with("troupe::client::run_reporting");
}

// What is made of the user's types to call a method or a callback, which may be a part of it (inlined). Some names no demangler
// knows; and of what is made for a type that no other file sees, debug information has the last part of the name alone.
bool is_call(std::string_view line) {
  const std::string_view function = function_in(line);
  return function.starts_with("troupe::detail::") || function.starts_with("_ZZN6troupe6detail") ||
         function.starts_with("_ZN6troupe6detail") || has(source_in(line), "include/troupe/detail/");
}

bool is_std(std::string_view line) {
  const std::string_view function = function_in(line);
  return function.starts_with("std::") || function.starts_with("_ZSt") || has(source_in(line), "include/c++/");
}

bool is_users(std::string_view line) { return !is_call(line) && !is_std(line); }

// Of "#3  function in file+0x10".
std::string_view file_in(std::string_view line) {
  const auto in = line.find(" in /");
  return in == std::string_view::npos ? std::string_view() : line.substr(in + 4, line.rfind('+') - in - 4);
}

// As people write it.
std::string with_short_names(std::string text) {
  constexpr std::string_view kLong = "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >";
  for (auto at = text.find(kLong); at != std::string::npos; at = text.find(kLong, at))
    text.replace(at, kLong.size(), "std::string");
  return text;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end + 1) {
    end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
  }
  return lines;
}

// What a recursion leaves reads better so.
std::string without_repetitions(std::string_view backtrace) {
  std::string text;
  std::string_view last;
  int more = 0;
  const auto tell_how_many = [&] {
    if (more != 0) text += fmt::format("    and {} more of these\n", std::exchange(more, 0));
  };
  for (const std::string_view line : lines_of(backtrace)) {
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

// The compiler has made the method a part of its call, and there is no debug information that would tell them apart.
std::string as_method(std::string_view line, std::string_view method) {
  const auto place = line.find(" in /");
  if (method.empty() || place == std::string_view::npos) return std::string(line);
  return fmt::format("{}{} (in its call){}", line.substr(0, line.find_first_not_of("#0123456789 ")), method, line.substr(place));
}

// Only what the user has written, and what that has called: how the runtime came to call it is the same each time. Where nothing
// of the user's own file is left then, the method is in the call.
std::string without_the_runtimes(const std::string& backtrace, std::string_view method) {
  const std::vector<std::string_view> lines = lines_of(backtrace);
  const auto runtimes = std::ranges::find_if(lines, is_the_runtimes);
  if (runtimes == lines.end()) return backtrace;
  const auto end = std::find_if(std::make_reverse_iterator(runtimes), lines.rend(), is_users).base();
  const auto call = std::find_if(end, runtimes, is_call);
  const auto is_of_program = [&](std::string_view line) {
    return is_users(line) && (!source_in(line).empty() || file_in(line) == file_in(*call));
  };
  const bool needs_call = call != runtimes && std::none_of(lines.begin(), end, is_of_program);
  if (!needs_call && end == lines.begin()) return backtrace;
  std::string kept = fmt::format("{}", fmt::join(lines.begin(), needs_call ? call : end, "\n"));
  if (!needs_call) return kept;
  if (!kept.empty()) kept += '\n';
  return kept + as_method(*call, method);
}

// Of which crash there are the names already: who looks at one tends to look again. Thread-safety: full.
class KnownTraces {
 public:
  struct Trace {
    std::string raw, method, named;
  };

  // Empty: of none.
  std::string find(const std::string& raw, const std::string& method) {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find_if(traces_, [&](const Trace& each) { return each.raw == raw && each.method == method; });
    return found == traces_.end() ? std::string() : found->named;
  }
  void add(Trace trace) {
    constexpr std::size_t kMost = 16;
    const std::lock_guard lock(mutex_);
    if (traces_.size() == kMost) traces_.pop_front();
    traces_.push_back(std::move(trace));
  }

 private:
  std::mutex mutex_;
  std::deque<Trace> traces_;  // guarded by mutex_
};

KnownTraces& known_traces() {
  static auto& traces = *new KnownTraces;  // callbacks may look while the program exits
  return traces;
}

std::string named(const std::string& backtrace, const std::string& method) {
  const bool has_names = backtrace.starts_with('#');
  std::string known = has_names ? std::string() : known_traces().find(backtrace, method);
  if (!known.empty()) return known;
  std::string names = without_repetitions(with_short_names(without_the_runtimes(platform::with_symbols(backtrace), method)));
  if (!has_names) known_traces().add({backtrace, method, names});
  return names;
}

// Without memory for names the addresses have to do.
void name_frames(std::string& backtrace, const std::string& method) {
  if (backtrace.empty()) return;
  try {
    backtrace = named(backtrace, method);
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
  name_frames(cause.backtrace, cause.method);
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
  if (auto* hung = std::get_if<Unresponsive>(&event)) name_frames(hung->backtrace, hung->method);
  if (auto* group = std::get_if<GroupGaveUp>(&event)) group->first_cause = with_symbols(std::move(group->first_cause));
  return event;
}

std::vector<ActorInfo> with_symbols(std::vector<ActorInfo> actors) {
  for (ActorInfo& each : actors) {
    if (each.last_death) each.last_death = with_symbols(std::move(*each.last_death));
  }
  return actors;
}

}  // namespace detail

std::vector<ActorInfo> Runtime::actors() { return detail::with_symbols(session_->list()); }

ShutdownReport Runtime::shutdown(Timeout grace) { return {detail::with_symbols(session_->shutdown(grace).killed)}; }

ShutdownReport Group::stop(Timeout grace) const { return {detail::with_symbols(session().stop(id_, grace).killed)}; }

}  // namespace troupe
