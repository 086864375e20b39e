// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::bench {

enum class Sense { at_most, at_least, listed };  // listed: printed without a verdict

struct Bar {
  Sense sense = Sense::listed;
  double limit = 0;
};
constexpr Bar at_most(double limit) { return {.sense = Sense::at_most, .limit = limit}; }
constexpr Bar at_least(double limit) { return {.sense = Sense::at_least, .limit = limit}; }

// How the rounds become one: the median of the figures and of their ratios; or the least figure over the least reference.
enum class Summary { median, least };

constexpr int kRounds = 5;

// One figure, and what it is held against. With a reference the bar is a ratio to it; without, the figure's own.
struct Row {
  std::string name;
  std::string unit;
  std::function<double()> figure;
  std::string reference_name = {};  // empty: none
  std::function<double()> reference = {};
  Bar bar = {};
  int rounds = kRounds;
  Summary summary = Summary::median;
};

// What came out of a row. Adding a verdict: text_of, and the exit code in main.
enum class Verdict { pass, short_of_bar, listed, broken };

struct Outcome {
  std::string name;
  std::string unit;
  std::string reference_name;
  Bar bar;
  double value = 0;
  double reference_value = 0;
  std::optional<double> ratio = {};  // only with a reference
  Verdict verdict = Verdict::broken;
  std::string error = {};  // for broken
};

// Measures a row: figure and reference in turns inside each round. One that comes out short is measured twice more while
// may_repeat() allows, and the median counts. Errors: none; what the row throws makes it broken.
Outcome measure(const Row& row, const std::function<bool()>& may_repeat);

double median(std::vector<double> values);

// The table's lines, and all of it for --json.
std::string table_head();
std::string table_line(const Outcome& outcome);
std::string json_of(const std::vector<Outcome>& outcomes, bool quick);

// What rows share (a runtime, actors): made at the first use, gone with the last row that holds it.
template <class Stage>
class Shared {
 public:
  Stage& operator*() const {
    if (!*stage_) stage_->emplace();
    return **stage_;
  }
  Stage* operator->() const { return &**this; }

 private:
  std::shared_ptr<std::optional<Stage>> stage_ = std::make_shared<std::optional<Stage>>();
};

}  // namespace troupe::bench
