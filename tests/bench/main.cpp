// SPDX-License-Identifier: BSL-1.0
#include "bench.hpp"
#include "child.hpp"
#include "floors.hpp"

#include <troupe/guard.hpp>

#include <fmt/core.h>

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::bench {

namespace {

constexpr const char* kHelp = R"(Measures troupe against what the machine itself needs, one row per figure.
usage: troupe-bench [--quick] [--strict] [--json FILE] [--filter TEXT]
  --quick        less of everything, under 60 seconds in all
  --strict       exit code 1 when a row is short of its bar
  --json FILE    write the rows there too
  --filter TEXT  only rows with TEXT in their name
exit code: 0, 1 when something broke, 2 for a wrong command line
)";

struct Arguments {
  bool is_quick = false;
  bool is_strict = false;
  std::string json;
  std::string filter;
};

struct Usage {
  int exit_code;
};

Arguments parse(const std::vector<std::string_view>& words) {
  Arguments arguments;
  for (auto word = words.begin(); word != words.end(); ++word) {
    const auto value = [&] {
      if (++word == words.end()) throw Usage{2};
      return std::string(*word);
    };
    if (*word == "--quick") {
      arguments.is_quick = true;
    } else if (*word == "--strict") {
      arguments.is_strict = true;
    } else if (*word == "--json") {
      arguments.json = value();
    } else if (*word == "--filter") {
      arguments.filter = value();
    } else {
      throw Usage{*word == "--help" || *word == "-h" ? 0 : 2};
    }
  }
  return arguments;
}

std::vector<Row> all_rows(const Bench& bench) {
  std::vector<Row> rows;
  for (const auto make : {floor_rows, call_rows, coroutine_rows, oversubscription_rows, size_rows, process_rows, cost_rows,
                          pool_rows, building_rows}) {
    auto more = make(bench);
    rows.insert(rows.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  return rows;
}

// A row that hangs ends the bench; the children go with it.
void on_hang(int) {
  constexpr std::string_view kText = "troupe-bench: this row takes too long; something hangs\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kText.data(), kText.size());
  ::_exit(1);
}

std::vector<Outcome> run(const Arguments& arguments, SmallProcess& floors) {
  using Clock = std::chrono::steady_clock;
  std::vector<Row> rows = all_rows({.floors = floors, .is_quick = arguments.is_quick});
  std::erase_if(rows, [&](const Row& row) { return row.name.find(arguments.filter) == std::string::npos; });
  const auto begin = Clock::now();
  const auto may_repeat = [&] { return !arguments.is_quick || Clock::now() - begin < std::chrono::seconds(40); };
  std::signal(SIGALRM, on_hang);
  std::vector<Outcome> outcomes;
  fmt::print("{}", table_head());
  for (auto& row : rows) {
    std::fflush(stdout);
    ::alarm(arguments.is_quick ? 180 : 900);
    outcomes.push_back(measure(std::exchange(row, {}), may_repeat));  // and its stage goes, if nobody else needs it
    fmt::print("{}", table_line(outcomes.back()));
  }
  ::alarm(0);
  return outcomes;
}

int exit_code(const std::vector<Outcome>& outcomes, bool is_strict) {
  for (const auto& outcome : outcomes) {
    if (outcome.verdict == Verdict::broken) return 1;
    if (outcome.verdict == Verdict::short_of_bar && is_strict) return 1;
  }
  return 0;
}

}  // namespace

int run_bench(const std::vector<std::string_view>& words) {
  try {
    const Arguments arguments = parse(words);
    SmallProcess floors;
    const auto outcomes = run(arguments, floors);
    if (!arguments.json.empty() && !(std::ofstream(arguments.json) << json_of(outcomes, arguments.is_quick))) {
      fmt::print(stderr, "troupe-bench: cannot write {}\n", arguments.json);
      return 1;
    }
    return exit_code(outcomes, arguments.is_strict);
  } catch (const Usage& usage) {
    fmt::print(usage.exit_code == 0 ? stdout : stderr, "{}", kHelp);
    return usage.exit_code;
  }
}

}  // namespace troupe::bench

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], troupe::bench::floors::kExitAtOnce) == 0) return 0;
  troupe::main_guard(argc, argv);
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  if (words.size() == 2 && words[0] == troupe::bench::kPairClient) {
    troupe::bench::die_with_parent(::getppid());
    return troupe::bench::run_pair_client(words[1] == "never");
  }
  if (words.size() == 2 && words[0] == troupe::bench::kBurner) {
    troupe::bench::die_with_parent(::getppid());
    return troupe::bench::run_burner(std::stoi(std::string(words[1])));
  }
  return troupe::bench::run_bench(words);
}
