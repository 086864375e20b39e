// SPDX-License-Identifier: BSL-1.0
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "actors.hpp"
#include "command.hpp"
#include "managers.hpp"
#include "platform/poll.hpp"
#include "platform/terminal.hpp"
#include "platform/termination_signals.hpp"
#include "screen.hpp"
#include "stack.hpp"
#include "table.hpp"
#include "watcher.hpp"

namespace troupe::command {

namespace {

constexpr const char* kKeys =
    "up, down: choose   c, d, m, n: sort by calls/s, depth, memory, name   s: stop   k: kill   t: stack   q: quit";

struct Options {
  std::shared_ptr<ManagerOption> manager;
  double interval = 1;
};

enum class Order : char { calls = 'c', depth = 'd', memory = 'm', name = 'n' };

const char* name_of(Order order) {
  switch (order) {
    case Order::calls:
      return "calls/s";
    case Order::depth:
      return "depth";
    case Order::memory:
      return "memory";
    case Order::name:
      break;
  }
  return "name";
}

bool comes_first(Order order, const ActorRow& one, const ActorRow& other) {
  switch (order) {
    case Order::calls:
      return one.calls_per_second > other.calls_per_second;
    case Order::depth:
      return one.actor.mailbox_depth > other.actor.mailbox_depth;
    case Order::memory:
      return one.actor.memory > other.actor.memory;
    case Order::name:
      break;
  }
  return one.actor.name < other.actor.name;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(std::move(line));
  return lines;
}

std::string first_line_of(const std::string& text) { return text.substr(0, text.find('\n')); }

// What is on the screen, and what keys make of it.
class View {
 public:
  View(Watcher& watcher, Screen& screen) : watcher_(watcher), screen_(screen) {}

  // Errors: Failure, when the manager is gone.
  void take(Watcher::News news);
  // Whether it goes on.
  bool press(Screen::Key key);
  void draw() const;

 private:
  void sort();
  void move(std::ptrdiff_t by);
  const ActorRow* chosen() const;
  bool confirm(Screen::Key key);
  void stop();
  void ask_to_kill();
  void kill();
  void show_stack();
  const std::string* chosen_name();
  std::vector<Screen::Line> table() const;

  Watcher& watcher_;
  Screen& screen_;
  std::vector<ActorRow> rows_;
  Order order_ = Order::calls;
  std::uint64_t chosen_ = 0;  // an actor's id
  std::string message_;
  std::string to_be_killed_;         // a name, when there is a question about it
  bool wants_page_ = false;          // a page is being made
  std::vector<std::string> page_{};  // what is shown in place of the table
};

void View::take(Watcher::News news) {
  if (!news.ended.empty()) throw Failure(ExitCode::failed, news.ended);
  rows_ = std::move(news.actors);
  sort();
  if (news.told.empty()) return;
  const bool is_page = std::exchange(wants_page_, false) && news.told.find('\n') != std::string::npos;
  message_ = is_page ? "" : shown(first_line_of(news.told));
  if (is_page) page_ = lines_of(news.told);
}

void View::sort() {
  std::ranges::stable_sort(rows_, [this](const ActorRow& one, const ActorRow& other) { return comes_first(order_, one, other); });
  if (chosen() == nullptr) chosen_ = rows_.empty() ? 0 : rows_.front().actor.id.value;
}

const ActorRow* View::chosen() const {
  const auto found = std::ranges::find_if(rows_, [this](const ActorRow& each) { return each.actor.id.value == chosen_; });
  return found == rows_.end() ? nullptr : &*found;
}

void View::move(std::ptrdiff_t by) {
  const ActorRow* const now = chosen();
  if (now == nullptr) return;
  const std::ptrdiff_t next = std::clamp<std::ptrdiff_t>(now - rows_.data() + by, 0, std::ssize(rows_) - 1);
  chosen_ = rows_[static_cast<std::size_t>(next)].actor.id.value;
}

// An actor is reached by its name. Null: it has none, which is told.
const std::string* View::chosen_name() {
  const ActorRow* const row = chosen();
  if (row == nullptr) return nullptr;
  if (row->actor.name.empty()) {
    message_ = fmt::format("#{} has no name to reach it by; its process is {}", row->actor.id.value, row->actor.pid);
    return nullptr;
  }
  return &row->actor.name;
}

void View::stop() {
  const std::string* const name = chosen_name();
  if (name == nullptr) return;
  watcher_.order([name = *name](Runtime& runtime) {
    detail::link_stop(find_actor(runtime, name), std::chrono::seconds(5));
    return fmt::format("{} has 5 s to finish what it was sent", name);
  });
}

void View::ask_to_kill() {
  const std::string* const name = chosen_name();
  if (name == nullptr) return;
  to_be_killed_ = *name;
  message_ = fmt::format("kill {}? y: yes, anything else: no", shown(*name));
}

void View::kill() {
  watcher_.order([name = to_be_killed_](Runtime& runtime) {
    detail::link_kill(find_actor(runtime, name));
    return fmt::format("{} is killed", name);
  });
}

void View::show_stack() {
  const std::string* const name = chosen_name();
  if (name == nullptr) return;
  wants_page_ = true;
  message_ = fmt::format("reading the stacks of {}", shown(*name));
  watcher_.order([name = *name](Runtime& runtime) { return stack_text(runtime, name); });
}

bool View::confirm(Screen::Key key) {
  if (to_be_killed_.empty()) return false;
  message_.clear();
  if (key == 'y') kill();
  to_be_killed_.clear();
  return true;
}

bool View::press(Screen::Key key) {
  constexpr int kControlC = 3;
  if (key == Screen::end_of_input || key == kControlC) return false;
  if (!page_.empty()) {
    page_.clear();
    message_.clear();
    return true;
  }
  if (confirm(key)) return true;
  message_.clear();
  switch (static_cast<int>(key)) {
    case 'q':
      return false;
    case Screen::up:
      move(-1);
      break;
    case Screen::down:
      move(1);
      break;
    case 'c':
    case 'd':
    case 'm':
    case 'n':
      order_ = static_cast<Order>(key);
      sort();
      break;
    case 's':
      stop();
      break;
    case 'k':
      ask_to_kill();
      break;
    case 't':
      show_stack();
      break;
    default:
      break;
  }
  return true;
}

// What the chosen one is in stays in sight.
std::vector<Screen::Line> View::table() const {
  constexpr std::size_t kAround = 4;  // other lines
  const std::vector<std::string> text = lines_of(table_of(rows_).text(false));
  const ActorRow* const now = chosen();
  const std::size_t place = now == nullptr ? 0 : static_cast<std::size_t>(now - rows_.data());
  const std::size_t area = screen_.rows();
  const std::size_t room = area > kAround ? area - kAround : 1;
  const std::size_t first = place < room ? 0 : place - room + 1;
  std::vector<Screen::Line> lines{{text.front(), false}};
  for (std::size_t i = first; i < std::min(rows_.size(), first + room); ++i) lines.push_back({text[i + 1], i == place});
  return lines;
}

void View::draw() const {
  std::vector<Screen::Line> lines;
  if (!page_.empty()) {
    for (const std::string& each : page_) lines.push_back({each});
    lines.resize(std::min(lines.size(), screen_.rows() - 1));
    lines.push_back({"any key: back"});
    return screen_.draw(lines);
  }
  lines.push_back({fmt::format("{} {}, by {}", rows_.size(), rows_.size() == 1 ? "actor" : "actors", name_of(order_))});
  for (Screen::Line& each : table()) lines.push_back(std::move(each));
  lines.push_back({message_});
  lines.push_back({kKeys});
  screen_.draw(lines);
}

ExitCode top(const Options& options) {
  if (!platform::is_terminal(platform::StandardStream::input) || !platform::is_terminal(platform::StandardStream::output))
    throw Failure(ExitCode::misused, "there is no terminal to draw on; use: actor-host ps");
  constexpr int kStandardInput = 0;
  const platform::TerminationSignals signals;
  Watcher watcher(*options.manager,
                  std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(options.interval)));
  Screen screen;
  View view(watcher, screen);
  for (;;) {
    const auto ready = platform::wait_readable(std::array{kStandardInput, watcher.handle().get(), signals.handle().get()});
    if (ready[2]) return ExitCode::done;
    view.take(watcher.take_news());
    bool has_key = ready[0];
    while (has_key) {
      if (!view.press(screen.read_key())) return ExitCode::done;
      has_key = screen.has_key();
    }
    view.draw();
  }
}

}  // namespace

void add_top(const CommandLine& line) {
  constexpr double kLongestInterval = 3600;
  const auto options = std::make_shared<Options>();
  CLI::App* const command = add_command(line, "top", "Shows the actors of a manager on the whole terminal, as they change.",
                                        "actor-host top --interval 0.5", [options] { return top(*options); });
  options->manager = ManagerOption::add_to(*command);
  command->add_option("--interval", options->interval, "Seconds from one look to the next")
      ->check(seconds_between(0.1, kLongestInterval))
      ->capture_default_str();
}

}  // namespace troupe::command
