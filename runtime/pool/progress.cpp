// SPDX-License-Identifier: BSL-1.0
#include <troupe/progress.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <iostream>
#include <string>

#include "platform/terminal.hpp"

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
  const auto full = std::min(kWidth, static_cast<std::size_t>(share(progress) * kWidth));
  return fmt::format("\r[{}{}] {:3.0f} %  {}/{}  {:.0f}/s ", std::string(full, '#'), std::string(kWidth - full, ' '),
                     100 * share(progress), progress.done, progress.total, progress.per_second);
}

}  // namespace

ProgressBar::ProgressBar(std::ostream& stream) : stream_(&stream), is_terminal_(is_on_terminal(stream)) {}

void ProgressBar::operator()(const Progress& progress) const {
  const bool is_end = progress.done == progress.total;
  if (is_terminal_) {
    *stream_ << bar(progress) << (is_end ? "\n" : "") << std::flush;
  } else {
    *stream_ << fmt::format("{} of {} done, {:.0f} per second\n", progress.done, progress.total, progress.per_second)
             << std::flush;
  }
}

}  // namespace troupe
