// SPDX-License-Identifier: BSL-1.0
#include <troupe/progress.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <iostream>
#include <string>

#include "platform/terminal.hpp"
#include "pool/progress_line.hpp"

namespace troupe {
namespace {

constexpr std::size_t kWidth = 40;

bool is_on_terminal(const std::ostream& stream) {
  if (stream.rdbuf() == std::cout.rdbuf()) return platform::is_terminal(platform::StandardStream::output);
  if (stream.rdbuf() == std::cerr.rdbuf() || stream.rdbuf() == std::clog.rdbuf())
    return platform::is_terminal(platform::StandardStream::error);
  return false;
}

double share(const Progress& progress) {
  return progress.total == 0 ? 1 : static_cast<double>(progress.done) / static_cast<double>(progress.total);
}

std::string bar(const Progress& progress) {
  if (!progress.is_total_known) return fmt::format("{} done  {:.0f}/s", progress.done, progress.per_second);
  const auto full = std::min(kWidth, static_cast<std::size_t>(share(progress) * kWidth));
  return fmt::format("[{}{}] {:3.0f} %  {}/{}  {:.0f}/s ", std::string(full, '#'), std::string(kWidth - full, ' '),
                     100 * share(progress), progress.done, progress.total, progress.per_second);
}

std::string sentence(const Progress& progress) {
  if (!progress.is_total_known) return fmt::format("{} done, {:.0f} per second", progress.done, progress.per_second);
  return fmt::format("{} of {} done, {:.0f} per second", progress.done, progress.total, progress.per_second);
}

}  // namespace

namespace detail {

ProgressLine::~ProgressLine() {
  if (is_open_) stream_ << std::endl;
}

void ProgressLine::show(const Progress& progress) {
  if (is_terminal_) return draw(progress);
  stream_ << sentence(progress) << std::endl;
}

void ProgressLine::draw(const Progress& progress) {
  constexpr const char* kClearRest = "\x1b[K";
  stream_ << '\r' << bar(progress) << kClearRest;
  is_open_ = !progress.is_total_known || progress.done != progress.total;
  if (!is_open_) stream_ << '\n';
  stream_ << std::flush;
}

}  // namespace detail

ProgressBar::ProgressBar(std::ostream& stream) : line_(std::make_shared<detail::ProgressLine>(stream, is_on_terminal(stream))) {}

void ProgressBar::operator()(const Progress& progress) const { line_->show(progress); }

}  // namespace troupe
