// SPDX-License-Identifier: BSL-1.0
#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "actors.hpp"
#include "base/exit_text.hpp"
#include "base/quoted_name.hpp"
#include "client/session.hpp"
#include "command.hpp"
#include "managers.hpp"
#include "table.hpp"

namespace troupe::command {

namespace {

struct Options {
  std::shared_ptr<ManagerOption> manager;
  std::string name;
  double grace = 5;
};

// What happens to one actor, from the moment that this is made. Thread-safety: full.
class Course {
 public:
  explicit Course(ActorId actor) : actor_(actor) {}

  void note(const RuntimeEvent& event) {
    const std::lock_guard lock(mutex_);
    if (const auto* down = std::get_if<Down>(&event); down != nullptr && down->actor == actor_) downs_.push_back(*down);
    if (const auto* next = std::get_if<Restarted>(&event); next != nullptr && next->actor == actor_) next_ = *next;
    if (std::holds_alternative<ManagerDown>(event)) is_over_ = true;
    if (!downs_.empty() && !downs_.back().will_restart) is_over_ = true;
    has_news_.notify_all();
  }

  struct Outcome {
    std::string end{};   // of the life that was to end
    int pid = 0;         // of the next one; 0: there is none
    unsigned life = 0;   // with it
    std::string fate{};  // without it: what became of the actor
  };
  // Blocks: until it has a life after this one, or will have none.
  Outcome wait(unsigned incarnation) {
    std::unique_lock lock(mutex_);
    has_news_.wait(lock, [&] { return is_over_ || next_.incarnation > incarnation; });
    Outcome outcome;
    for (const Down& each : downs_) {
      if (each.incarnation == incarnation) outcome.end = detail::text_of_end(each.status);
    }
    if (next_.incarnation > incarnation) {
      outcome.pid = next_.pid;
      outcome.life = next_.incarnation;
    } else {
      outcome.fate = downs_.empty() || downs_.back().will_restart ? "the manager process died" : downs_.back().cause.text();
    }
    return outcome;
  }

 private:
  const ActorId actor_;
  std::mutex mutex_;
  std::condition_variable has_news_;
  std::vector<Down> downs_;
  Restarted next_{};
  bool is_over_ = false;
};

// Of a report the first line.
std::string first_line_of(const std::string& text) { return text.substr(0, text.find('\n')); }

ExitCode restart(const Options& options) {
  Runtime runtime = options.manager->connect();
  const detail::LinkHandle link = find_actor(runtime, options.name);
  const auto course = std::make_shared<Course>(detail::link_id(link));
  runtime.on_event([course](const RuntimeEvent& event) { course->note(event); });
  const auto grace = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(options.grace));
  const wire::RestartAnswer answer = detail::RuntimeAccess::session(runtime)->restart(detail::checked(link), grace);
  const std::string name = detail::quoted_name(options.name);
  if (!answer.refusal.empty()) throw Failure(ExitCode::failed, fmt::format("{} cannot be restarted: {}", name, answer.refusal));
  const Course::Outcome outcome = course->wait(answer.incarnation);
  if (outcome.pid == 0)
    throw Failure(ExitCode::failed, fmt::format("{} was not restarted: {}", name, first_line_of(outcome.fate)));
  fmt::print("{}: its process {}; in life {} it is process {}\n", shown(options.name), outcome.end, outcome.life, outcome.pid);
  return ExitCode::done;
}

}  // namespace

void add_restart(const CommandLine& line) {
  constexpr double kLongestGrace = 24 * 3600;
  const auto options = std::make_shared<Options>();
  CLI::App* const command =
      add_command(line, "restart",
                  "Stops an actor and starts it again in a new process, for the proxies that there are; of one that may restart.",
                  "actor-host restart counter", [options] { return restart(*options); });
  options->manager = ManagerOption::add_to(*command);
  command->add_option("NAME", options->name, "The actor's name")->required();
  command->add_option("--grace", options->grace, "Seconds that it has to finish what it was sent; then it is killed")
      ->check(seconds_between(0, kLongestGrace))
      ->capture_default_str();
}

}  // namespace troupe::command
