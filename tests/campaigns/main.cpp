// SPDX-License-Identifier: BSL-1.0
#include <troupe/guard.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <exception>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "campaign.hpp"
#include "fault_client.hpp"
#include "oracle.hpp"
#include "processes.hpp"
#include "watchdog.hpp"

namespace troupe::campaigns {

namespace {

constexpr const char* kHelp = R"(Does harm to troupe's processes and looks whether every promise holds.
usage: troupe-campaigns NAME [--long] [--seed N] [--from N] [--cases N] [--part PART] [--seconds N] [--hold]
  NAME         kill (hosts), manager, client, zygote: who is killed at random
               restart: hosts are killed whose actors are started again
               pool: a pool's workers are killed
               references: holders of proxies are killed while proxies pass among processes
               step: who is killed at each instruction of a few regions
               matrix: actors come to harm in each way in each place
               freeze: who is stopped and let go on, or killed, at random
               hostile: a peer writes garbage to what it shares with others
               faults: each system call and each allocation fails in turn
  --long       the long form
  --seed N     case i draws its random numbers from N + i; otherwise another seed each time
  --from N     the first case; 0 otherwise
  --cases N    so many, of each part, instead
  --part PART  only that part, of a campaign that has parts
  --seconds N  begin no case later; the short form's budget otherwise
  --hold       when something hangs, wait for a debugger instead of aborting
exit code: 0, 1 when a case failed, 2 for a wrong command line
)";

struct Campaign {
  std::string_view name;
  Score (*run)(const Order& order);
  int short_cases;
  int long_cases;
  int short_budget;  // seconds
  int long_budget;
};

constexpr int kAll = 1 << 30;  // as many as there are

constexpr Campaign kCampaigns[] = {
    {"kill", run_kill, 500, 20'000, 30, 600},
    {"restart", run_restart, 60, 2'500, 30, 600},
    {"pool", run_pool, 40, 2'500, 30, 600},
    {"manager", run_manager, 100, 2'000, 30, 600},
    {"client", run_client, 100, 2'000, 30, 600},
    {"zygote", run_zygote, 100, 2'000, 30, 600},
    {"references", run_references, 50, 2'000, 30, 1'200},
    {"step", run_step, kAll, kAll, 25, 3600},
    {"matrix", run_matrix, kAll, kAll, 120, 3600},
    {"faults", run_faults, kAll, kAll, 25, 3600},
    {"freeze", run_freeze, 50, 500, 20, 600},
    {"hostile", run_hostile, 100'000, 1'000'000, 40, 3600},
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
  Order order{.name = {}, .seed = std::random_device()()};
  int seconds = 0;  // 0: as the form says
};

const Campaign& campaign_of(const std::string& word) {
  const auto* found =
      std::find_if(std::begin(kCampaigns), std::end(kCampaigns), [&](const auto& each) { return each.name == word; });
  if (found == std::end(kCampaigns)) throw Usage{word == "--help" || word == "-h" ? 0 : 2};
  return *found;
}

Arguments parse(const std::vector<std::string>& words) {
  Arguments arguments;
  for (auto word = words.begin(); word != words.end(); ++word) {
    const auto value = [&] {
      if (++word == words.end()) throw Usage{2};
      return *word;
    };
    const auto number = [&] { return number_of(value()); };
    if (*word == "--long") {
      arguments.order.is_long = true;
    } else if (*word == "--seed") {
      arguments.order.seed = number();
    } else if (*word == "--from") {
      arguments.order.first = static_cast<int>(number());
    } else if (*word == "--cases") {
      arguments.order.cases = static_cast<int>(number());
    } else if (*word == "--part") {
      arguments.order.part = value();
    } else if (*word == "--seconds") {
      arguments.seconds = static_cast<int>(number());
    } else if (*word == "--hold") {
      watchdog().hold_on_hang();
    } else {
      arguments.campaign = &campaign_of(*word);
    }
  }
  if (arguments.campaign == nullptr) throw Usage{2};
  return arguments;
}

// Says how many cases, where that is known before.
void announce(const Order& order) {
  const std::string cases = order.cases == kAll ? "all" : std::to_string(order.cases);
  fmt::print("campaign {}{}: seed {}, {} cases\n", order.name, order.is_long ? ", the long form" : "", order.seed, cases);
  std::fflush(stdout);
}

int run(const Arguments& arguments) {
  using Clock = std::chrono::steady_clock;
  const Campaign& campaign = *arguments.campaign;
  Order order = arguments.order;
  order.name = campaign.name;
  if (order.cases == 0) order.cases = order.is_long ? campaign.long_cases : campaign.short_cases;
  announce(order);
  const auto begin = Clock::now();
  const int budget = order.is_long ? campaign.long_budget : campaign.short_budget;
  if (arguments.seconds != 0 || !order.is_long) {
    order.end = begin + std::chrono::seconds(arguments.seconds != 0 ? arguments.seconds : budget);
  }
  expect_fresh_call();  // what is made once in a process is there from here on
  const Score score = campaign.run(order);
  fmt::print("campaign {}: seed {}, {} cases, {} failures, {:.1f} s (budget {} s){}\n", order.name, order.seed, score.cases,
             score.failures, std::chrono::duration<double>(Clock::now() - begin).count(), budget,
             order.is_over() ? "; the time was over before the cases were" : "");
  return score.failures == 0 && score.cases != 0 ? 0 : 1;
}

// The processes that the campaigns start; the last word is the parent's pid. -1: this is none of them.
int run_as_child(const std::vector<std::string>& words) {
  constexpr std::array<std::string_view, 3> kNames = {"kill-client", "client-under-load", "fault-client"};
  if (words.empty() || std::find(kNames.begin(), kNames.end(), words[0]) == kNames.end()) return -1;
  end_with_parent(static_cast<int>(number_of(words.back())));
  const auto number = [&](std::size_t index) { return static_cast<int>(number_of(words.at(index))); };
  if (words[0] == "client-under-load") return run_client_under_load(words.at(1), number_of(words.at(2)));
  if (words[0] == "fault-client") {
    return run_fault_client(
        words.at(1), {static_cast<Fault::Kind>(number(2)), static_cast<Role>(number(3)), static_cast<std::uint32_t>(number(4))});
  }
  expect_fresh_call();
  const Order order{.name = "kill", .seed = number_of(words.at(1)), .first = number(2), .cases = number(3)};
  return std::min(run_kill_client(order, number(4)), 100);
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
  troupe::campaigns::AllocationFault::inherit();
  troupe::main_guard(argc, argv);
  return troupe::campaigns::run_main(std::vector<std::string>(argv + 1, argv + argc));
}
