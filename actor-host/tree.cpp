// SPDX-License-Identifier: BSL-1.0
#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors.hpp"
#include "command.hpp"
#include "managers.hpp"
#include "table.hpp"

namespace troupe::command {

namespace {

struct Options {
  std::shared_ptr<ManagerOption> manager;
  bool as_json = false;
};

// Who spawned whom. Those whose parents have ended, or are programs, stand at the top.
class Tree {
 public:
  explicit Tree(std::vector<ActorInfo> actors) {
    std::map<std::uint64_t, bool> is_there;
    for (const ActorInfo& each : actors) is_there[each.id.value] = true;
    for (ActorInfo& each : actors) {
      const std::uint64_t parent =
          each.parent.value != each.id.value && is_there.contains(each.parent.value) ? each.parent.value : kTop;
      children_[parent].push_back(std::move(each));
    }
  }

  std::string text() const { return text_below(kTop, ""); }
  nlohmann::ordered_json json() const { return json_below(kTop); }

 private:
  static constexpr std::uint64_t kTop = 0;  // no actor's id

  const std::vector<ActorInfo>& below(std::uint64_t parent) const {
    static const std::vector<ActorInfo> kNone;
    const auto found = children_.find(parent);
    return found == children_.end() ? kNone : found->second;
  }

  std::string text_below(std::uint64_t parent, const std::string& indent) const {
    std::string text;
    const auto& actors = below(parent);
    for (std::size_t i = 0; i < actors.size(); ++i) {
      const bool is_last = i + 1 == actors.size();
      const ActorInfo& actor = actors[i];
      const std::string branch = parent == kTop ? "" : is_last ? "└─ " : "├─ ";
      const std::string below_it = parent == kTop ? "" : is_last ? "   " : "│  ";
      const std::string name = actor.name.empty() ? fmt::format("#{}", actor.id.value) : shown(actor.name);
      text += fmt::format("{}{}{} ({}) pid {} {}\n", indent, branch, name, shown(actor.type), actor.pid, text_of(actor.state));
      text += text_below(actor.id.value, indent + below_it);
    }
    return text;
  }

  nlohmann::ordered_json json_below(std::uint64_t parent) const {
    auto list = nlohmann::ordered_json::array();
    for (const ActorInfo& each : below(parent)) {
      list.push_back(json_of(each));
      list.back()["children"] = json_below(each.id.value);
    }
    return list;
  }

  std::map<std::uint64_t, std::vector<ActorInfo>> children_;  // by the parent's id
};

ExitCode show(const Options& options) {
  Runtime runtime = options.manager->connect();
  const Tree tree(runtime.actors());
  if (options.as_json) {
    print(tree.json());
  } else {
    fmt::print("{}", tree.text());
  }
  return ExitCode::done;
}

}  // namespace

void add_tree(const CommandLine& line) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = add_command(line, "tree", "Shows which actors were spawned by which.",
                                        "actor-host tree --manager lab", [options] { return show(*options); });
  options->manager = ManagerOption::add_to(*command);
  command->add_flag("--json", options->as_json, "Prints an array of objects, with their children in them");
}

}  // namespace troupe::command
