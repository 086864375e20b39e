// SPDX-License-Identifier: BSL-1.0
#include "harness.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <iterator>
#include <string_view>
#include <thread>

namespace troupe::bench {

namespace {

struct Measured {
  double value = 0;
  double reference = 0;
  double compared = 0;  // what the bar speaks of
};

double least(const std::vector<double>& values) { return *std::ranges::min_element(values); }

Measured measure_once(const Row& row) {
  std::vector<double> figures;
  std::vector<double> references;
  std::vector<double> ratios;
  for (int round = 0; round < row.rounds; ++round) {
    if (row.reference) references.push_back(row.reference());
    figures.push_back(row.figure());
    if (row.reference) ratios.push_back(figures.back() / references.back());
  }
  const auto summarised = [&](const std::vector<double>& values) {
    return row.summary == Summary::least ? least(values) : median(values);
  };
  Measured measured{.value = summarised(figures)};
  measured.compared = measured.value;
  if (row.reference) {
    measured.reference = summarised(references);
    measured.compared = row.summary == Summary::least ? measured.value / measured.reference : median(ratios);
  }
  return measured;
}

bool is_short(const Bar& bar, double compared) {
  switch (bar.sense) {
    case Sense::at_most:
      return !(compared <= bar.limit);
    case Sense::at_least:
      return !(compared >= bar.limit);
    case Sense::listed:
      return false;
  }
  return false;
}

Measured measure_with_repeats(const Row& row, const std::function<bool()>& may_repeat) {
  std::vector<Measured> runs = {measure_once(row)};
  while (runs.size() < 3 && is_short(row.bar, runs.front().compared) && may_repeat()) runs.push_back(measure_once(row));
  std::ranges::sort(runs, {}, &Measured::compared);
  const bool low_is_good = row.bar.sense == Sense::at_most;
  return runs.size() == 2 ? runs[low_is_good ? 1 : 0] : runs[runs.size() / 2];  // two: the worse, as no third could outvote it
}

std::string_view text_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::short_of_bar:
      return "short";
    case Verdict::listed:
      return "-";
    case Verdict::broken:
      return "broken";
  }
  return "?";
}

std::string bar_text(const Outcome& outcome) {
  const Bar& bar = outcome.bar;
  if (bar.sense == Sense::listed) return "-";
  const auto unit = outcome.reference_name.empty() ? outcome.unit : std::string();
  return fmt::format("{}{:g}{}", bar.sense == Sense::at_most ? "<=" : ">=", bar.limit, unit);
}

std::string short_number(double value) {
  const double size = std::abs(value);
  return fmt::format("{:.{}f}", value, size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

std::string columns(std::array<std::string_view, 7> cells) {
  return fmt::format("{:<20} {:>9} {:<8} {:>7}  {:<30} {:<9} {}\n", cells[0], cells[1], cells[2], cells[3], cells[4], cells[5],
                     cells[6]);
}

std::string json_quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return result + '"';
}

std::string json_number(std::optional<double> number) {
  return number && std::isfinite(*number) ? fmt::format("{:.6g}", *number) : "null";
}

std::string json_of(const Outcome& outcome) {
  const bool is_broken = outcome.verdict == Verdict::broken;
  const bool has_ratio = outcome.ratio.has_value();
  std::string text = fmt::format(R"({{"name": {}, "value": {}, "unit": {}, "ratio": {})", json_quoted(outcome.name),
                                 json_number(is_broken ? std::nullopt : std::optional(outcome.value)), json_quoted(outcome.unit),
                                 json_number(outcome.ratio));
  text += fmt::format(R"(, "reference": {}, "reference_value": {})", has_ratio ? json_quoted(outcome.reference_name) : "null",
                      json_number(has_ratio ? std::optional(outcome.reference_value) : std::nullopt));
  text += fmt::format(R"(, "bar": {}, "verdict": "{}")",
                      outcome.bar.sense == Sense::listed ? "null" : json_quoted(bar_text(outcome)), text_of(outcome.verdict));
  return text + (is_broken ? ", \"error\": " + json_quoted(outcome.error) : "") + "}";
}

}  // namespace

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const auto middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Outcome measure(const Row& row, const std::function<bool()>& may_repeat) {
  Outcome outcome{.name = row.name, .unit = row.unit, .reference_name = row.reference_name, .bar = row.bar};
  try {
    const Measured measured = measure_with_repeats(row, may_repeat);
    outcome.value = measured.value;
    outcome.reference_value = measured.reference;
    if (row.reference) outcome.ratio = measured.compared;
    outcome.verdict = row.bar.sense == Sense::listed         ? Verdict::listed
                      : is_short(row.bar, measured.compared) ? Verdict::short_of_bar
                                                             : Verdict::pass;
  } catch (const std::exception& error) {
    outcome.error = error.what();
  }
  return outcome;
}

std::string table_head() { return columns({"name", "value", "unit", "ratio", "reference", "bar", "verdict"}); }

std::string table_line(const Outcome& outcome) {
  const bool is_broken = outcome.verdict == Verdict::broken;
  const auto reference =
      outcome.ratio ? fmt::format("{}={}", outcome.reference_name, short_number(outcome.reference_value)) : "-";
  return columns({outcome.name, is_broken ? "-" : short_number(outcome.value), outcome.unit,
                  outcome.ratio ? fmt::format("{:.2f}", *outcome.ratio) : "-", reference, bar_text(outcome),
                  text_of(outcome.verdict)}) +
         (is_broken ? fmt::format("    {}\n", outcome.error) : "");
}

std::string json_of(const std::vector<Outcome>& outcomes, bool quick) {
  std::string text = fmt::format(R"({{"quick": {}, "processors": {}, "rows": [)", quick, std::thread::hardware_concurrency());
  for (const auto& outcome : outcomes)
    text += fmt::format("{}\n  {}", &outcome == &outcomes.front() ? "" : ",", json_of(outcome));
  return text + "\n]}\n";
}

}  // namespace troupe::bench
