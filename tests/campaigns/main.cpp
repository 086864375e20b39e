// SPDX-License-Identifier: BSL-1.0
#include <troupe/guard.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "campaign.hpp"
#include "oracle.hpp"
#include "processes.hpp"
#include "watchdog.hpp"

namespace troupe::campaigns {

namespace {

constexpr const char* kHelp = R"(Kills troupe's processes at random and looks whether every promise holds.
usage: troupe-campaigns NAME [--long] [--seed N] [--cases N] [--hold]
  NAME       kill (hosts), manager, client or zygote: who is killed
  --long     the long form
  --seed N   case i draws its random numbers from N + i; otherwise another seed each time
  --cases N  so many instead
  --hold     when something hangs, wait for a debugger instead of aborting
exit code: 0, 1 when a case failed, 2 for a wrong command line
)";

struct Campaign {
  std::string_view name;
  int (*run)(std::uint64_t seed, int cases);
  int short_cases;
  int long_cases;
  int short_budget;  // seconds
  int long_budget;
};

constexpr Campaign kCampaigns[] = {
    {"kill", run_kill, 500, 20'000, 30, 600},
    {"manager", run_manager, 100, 2'000, 30, 600},
    {"client", run_client, 100, 2'000, 30, 600},
    {"zygote", run_zygote, 100, 2'000, 30, 600},
};

struct Usage {
  int exit_code;
};

std::uint64_t number_of(const std::string& word) {
  try {
    return std::stoull(word);
  } catch (const std::exception&) {
    throw Usage{2};
  }
}

struct Arguments {
  const Campaign* campaign = nullptr;
  bool is_long = false;
  std::uint64_t seed = std::random_device()();
  int cases = 0;  // 0: as the form says
};

Arguments parse(const std::vector<std::string>& words) {
  Arguments arguments;
  for (auto word = words.begin(); word != words.end(); ++word) {
    const auto value = [&] {
      if (++word == words.end()) throw Usage{2};
      return number_of(*word);
    };
    if (*word == "--long") {
      arguments.is_long = true;
    } else if (*word == "--seed") {
      arguments.seed = value();
    } else if (*word == "--cases") {
      arguments.cases = static_cast<int>(value());
    } else if (*word == "--hold") {
      watchdog().hold_on_hang();
    } else {
      const auto* found =
          std::find_if(std::begin(kCampaigns), std::end(kCampaigns), [&](const auto& each) { return each.name == *word; });
      if (found == std::end(kCampaigns)) throw Usage{*word == "--help" || *word == "-h" ? 0 : 2};
      arguments.campaign = found;
    }
  }
  if (arguments.campaign == nullptr) throw Usage{2};
  return arguments;
}

int run(const Arguments& arguments) {
  using Clock = std::chrono::steady_clock;
  const Campaign& campaign = *arguments.campaign;
  const int cases = arguments.cases != 0 ? arguments.cases : arguments.is_long ? campaign.long_cases : campaign.short_cases;
  fmt::print("campaign {}: seed {}, {} cases\n", campaign.name, arguments.seed, cases);
  std::fflush(stdout);
  const auto begin = Clock::now();
  expect_fresh_call();  // what is made once in a process is there from here on
  const int failures = campaign.run(arguments.seed, cases);
  fmt::print("campaign {}: seed {}, {} cases, {} failures, {:.1f} s (budget {} s)\n", campaign.name, arguments.seed, cases,
             failures, std::chrono::duration<double>(Clock::now() - begin).count(),
             arguments.is_long ? campaign.long_budget : campaign.short_budget);
  return failures == 0 ? 0 : 1;
}

// The processes that the campaigns start; the last word is the parent's pid. -1: this is none of them.
int run_as_child(const std::vector<std::string>& words) {
  if (words.empty() || (words[0] != "kill-client" && words[0] != "client-under-load")) return -1;
  end_with_parent(static_cast<int>(number_of(words.back())));
  if (words[0] == "client-under-load") return run_client_under_load(words.at(1), number_of(words.at(2)));
  expect_fresh_call();
  return std::min(
      run_kill_client(number_of(words.at(1)), static_cast<int>(number_of(words.at(2))), static_cast<int>(number_of(words.at(3)))),
      100);
}

int run_main(const std::vector<std::string>& words) {
  try {
    become_subreaper();
    const int exit_code = run_as_child(words);
    return exit_code >= 0 ? exit_code : run(parse(words));
  } catch (const Usage& usage) {
    fmt::print(usage.exit_code == 0 ? stdout : stderr, "{}", kHelp);
    return usage.exit_code;
  } catch (const std::exception& error) {
    fmt::print(stderr, "troupe-campaigns: {}\n", error.what());
    return 1;
  }
}

}  // namespace

}  // namespace troupe::campaigns

int main(int argc, char** argv) {
  troupe::main_guard(argc, argv);
  return troupe::campaigns::run_main(std::vector<std::string>(argv + 1, argv + argc));
}
